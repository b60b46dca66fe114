"""Evaluation on the CPU with convolution, normalisation, sum and ReLU as one operation."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lplcore import plugin
from lplcore.models import Classifier, ModelOutput
from lplcore.spec.experiment import parse_spec
from lplcore.training.evaluation.fused import FusedConvolution, FusedNetwork, fusible
from lplcore.training.evaluation.single_label import Evaluation
from lplcore.training.run import TrainingRun
from tests.grids import every_row
from tests.lplcore_training.runs import IMAGES

CPU = torch.device("cpu")
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("resnet32", {}),
    ("resnet32", {"shortcut": "project", "dropout": 0.2, "head": "cosine"}),
    ("se_resnet110", {}),
    ("la_resnet32", {"dropout": 0.1}),
    ("wide_resnet_16_8", {"dropout": 0.3}),
    ("resnet50", {}),
    ("resnet50", {"frozen_stages": 2, "dropout": 0.5}),
]
pytestmark = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(),  # type: ignore[no-untyped-call]
    reason="torch was built without oneDNN",
)


def trained(name: str, **fields: Any) -> Classifier:
    """A network whose normalisations have seen two batches, with scales and shifts of their own."""
    torch.default_generator.manual_seed(0)
    model: Classifier = plugin.get("model", name)(**fields).build(input_shape=(3, 32, 32), num_classes=10)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.7, 1.3)
            nn.init.normal_(module.bias, std=0.2)
    model.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    for _ in range(2):
        model(images(16))
    return model.eval()


def images(number: int) -> Tensor:
    return torch.randn(number, 3, 32, 32).contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def logits(network: Classifier | FusedNetwork, inputs: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    with torch.autocast("cpu", dtype=dtype, enabled=dtype is not None):
        return network(inputs).logits.float()


def distance(values: Tensor, exact: Tensor) -> float:
    """The largest difference as a share of the largest value."""
    return float((values - exact).abs().max() / exact.abs().max())


@pytest.mark.parametrize(("name", "fields"), every_row(3, VARIANTS))
def test_every_network_predicts_the_same_but_for_rounding(name: str, fields: dict[str, Any]) -> None:
    model, inputs = trained(name, **fields), images(8)
    assert fusible(model, CPU, None)
    exact = logits(model.double(), inputs.double()).float()
    model.float()
    assert distance(logits(FusedNetwork(model, None), inputs), exact) < 2e-5
    ordinary = distance(logits(model, inputs, torch.bfloat16), exact)
    if fusible(model, CPU, torch.bfloat16):
        fused = distance(logits(FusedNetwork(model, torch.bfloat16), inputs, torch.bfloat16), exact)
        assert fused < max(0.05, 2 * ordinary)


def test_nothing_of_a_resnet_is_left_over() -> None:
    double = FusedNetwork(trained("resnet32"), None).graph
    kinds = [type(module) for module in double.modules()]
    assert kinds.count(FusedConvolution) == 31
    assert nn.BatchNorm2d not in kinds
    targets = {node.target for node in double.graph.nodes}
    assert functional.relu not in targets


def test_a_double_takes_over_later_weights_and_leaves_the_network_alone() -> None:
    model, inputs = trained("resnet32"), images(8)
    double = FusedNetwork(model, None)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    logits(double, inputs)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.1)
    model.train()(images(16))
    model.eval()
    assert distance(logits(double, inputs), logits(model, inputs)) > 1e-2
    double.refresh()
    assert distance(logits(double, inputs), logits(model, inputs)) < 1e-5


class Odd(Classifier):
    """Chains that may not become one operation."""

    always_alike = True

    def __init__(self) -> None:
        super().__init__()
        self.reflecting = nn.Conv2d(3, 8, 3, padding=1, padding_mode="reflect")
        self.same = nn.Conv2d(8, 8, 3, padding="same")
        self.used_twice = nn.Conv2d(8, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.by_batch = nn.BatchNorm2d(8, track_running_stats=False)
        self.grouped = nn.Conv2d(8, 8, 3, padding=1, groups=4, bias=False)
        self.classifier = nn.Linear(8, 10)
        self.num_features = 8

    def forward(self, inputs: Tensor) -> ModelOutput:
        x = self.same(self.reflecting(inputs))
        x = self.used_twice(x)
        x = torch.relu(self.norm(x) + x)
        x = self.by_batch(self.grouped(x)) + 1
        features = functional.relu(x).mean(dim=(2, 3))
        return ModelOutput(self.classifier(features), features)


def test_what_must_not_be_one_operation_is_not() -> None:
    torch.default_generator.manual_seed(0)
    model, inputs = Odd().eval(), images(8)
    double = FusedNetwork(model, None)
    assert distance(logits(double, inputs), logits(model, inputs)) < 1e-5
    assert sum(isinstance(module, FusedConvolution) for module in double.graph.modules()) == 2


def test_networks_that_may_take_another_path_are_left_as_they_are() -> None:
    assert not fusible(Classifier(), CPU, None)
    assert not fusible(trained("resnet32"), torch.device("cuda"), None)


@pytest.mark.parametrize("method", ["cross_entropy", "oltr"])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_a_run_evaluates_the_network_that_it_has_trained_so_far(method: str, dropout: float) -> None:
    model = {"name": "resnet32", "dropout": dropout}
    spec = parse_spec({**IMAGES, "method": method, "model": model, "precision": "float32"})
    training = TrainingRun(spec, device=CPU, data_dir="data", datasets={})
    test = training.data.test
    assert test is not None
    for _ in range(2):
        training.train_step()
        evaluation = training.evaluate(test)
        assert isinstance(evaluation, Evaluation)
        assert (training.predictions.double is None) == (method == "oltr")
        expected = logits(training.state.model, training.network_input(test.held))
        assert evaluation.loss == pytest.approx(functional.cross_entropy(expected, test.y).item(), rel=1e-5)
        assert evaluation.top1_error == pytest.approx(float((expected.argmax(dim=1) != test.y).float().mean()))
