"""Networks of torchvision and timm by name: facts of the listed ones, training, exact resume, stages, neck, rates."""

import gc
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from lplcore import plugin
from lplcore.models import Classifier, CosineLinear
from lplcore.models.named.network import NamedNetwork
from lplcore.models.named.trial import Facts, WrongSize, at_size, on_meta
from lplcore.models.torchvision import models
from lplcore.spec.experiment import parse_spec
from lplcore.training.run import TrainingRun
from tests.grids import campaign
from tests.lplcore_training.named_networks import Listed, each, images, listed, spec_of
from tests.lplcore_training.runs import assert_same_epochs, checkpoints, end, epochs, run, stop_after


def build(library: str, side: int = 32, num_classes: int = 3, channels: int = 3, **fields: Any) -> NamedNetwork:
    record = plugin.get("model", library)(**fields)
    model = record.build(input_shape=(channels, side, side), num_classes=num_classes)
    assert isinstance(model, NamedNetwork)
    return model


def state_of(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def after_a_step(model: Classifier, side: int) -> set[str]:
    """What one step of training changes."""
    before = state_of(model.train())
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    images = torch.randn(4, 3, side, side, generator=torch.Generator().manual_seed(0))
    torch.autograd.backward(model(images).logits.square().mean())
    optimizer.step()
    return {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}


def test_twelve_of_each_library_are_listed() -> None:
    for library in ("torchvision", "timm"):
        assert len({row.architecture for row in listed() if row.library == library}) == 12


@pytest.mark.parametrize("row", each())
def test_a_listed_network_is_as_the_page_says(row: Listed) -> None:
    library = plugin.get("model", row.library).library
    fit = at_size(library, row.architecture, (3, 224, 224))
    assert isinstance(fit, Facts)
    body = on_meta(library, row.architecture, 3, fit.size).module
    last_layer = fit.num_features * 1000 + 1000
    assert sum(p.numel() for p in body.parameters()) + last_layer == row.parameters
    assert (fit.num_features, fit.num_stages) == (row.features, row.stages)
    assert isinstance(at_size(library, row.architecture, (3, row.smallest, row.smallest)), Facts)
    if row.smallest > 1:
        assert isinstance(at_size(library, row.architecture, (3, row.smallest - 1, row.smallest - 1)), WrongSize)


@pytest.mark.parametrize("row", each("torchvision"))
def test_torchvision_publishes_the_same_number_of_parameters(row: Listed) -> None:
    assert models().get_model_weights(row.architecture).DEFAULT.meta["num_params"] == row.parameters


@pytest.mark.slow
@pytest.mark.parametrize(("head", "precision"), [campaign("linear", "float32"), ("cosine", "bf16")])
@pytest.mark.parametrize("row", each())
def test_a_listed_network_trains_and_resumes_bit_for_bit(
    row: Listed, head: str, precision: str, tmp_path: Path
) -> None:
    data = images(tmp_path, side=row.side)
    spec = spec_of({"name": row.library, "architecture": row.architecture, "head": head}, precision=precision)
    whole = run(spec, tmp_path / "whole", datasets=data)
    assert end(whole).outcome == "succeeded", end(whole).message
    first = run(spec, tmp_path / "first", datasets=data, should_stop=stop_after(1))
    assert end(first).outcome == "stopped"
    stopped_at = Path(checkpoints(first)[-1].path)
    second = run(spec, tmp_path / "second", datasets=data, resume_from=stopped_at)
    assert_same_epochs(epochs(second), epochs(whole))
    ends = [Path(checkpoints(events)[-1].path) for events in (second, whole)]
    assert ends[0].read_bytes() == ends[1].read_bytes()
    for path in (*ends, stopped_at):
        path.unlink()  # hundreds of megabytes each
    gc.collect()  # networks of ended runs are in reference cycles


@pytest.mark.parametrize("row", each())
def test_logits_come_from_features_and_every_stage_can_be_frozen(row: Listed) -> None:
    model = build(row.library, row.side, architecture=row.architecture, head="cosine")
    assert isinstance(model.classifier, CosineLinear)
    with torch.inference_mode():
        output = model.eval()(torch.randn(2, 3, row.side, row.side))
        assert output.features.shape == (2, row.features)
        assert torch.equal(model.classifier(output.features), output.logits)
    model = build(row.library, row.side, architecture=row.architecture, frozen_stages=row.stages)
    # Deep networks whose normalisation counts nothing may give features too small to move the last layer's weights.
    assert after_a_step(model, row.side) - {"classifier.weight"} == {"classifier.bias"}


@pytest.mark.parametrize("row", each())
def test_the_first_stage_alone_can_be_frozen(row: Listed) -> None:
    model = build(row.library, row.side, architecture=row.architecture, frozen_stages=1)
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    (first,) = [module for module in model.body.modules() if isinstance(module, nn.Conv2d)][:1]
    assert not first.weight.requires_grad
    changed = after_a_step(model, row.side)
    assert not changed & frozen
    statistics = {f"{name}.running_mean" for name, part in model.named_modules() if isinstance(part, nn.BatchNorm2d)}
    own = {f"{name.rpartition('.')[0]}.running_mean" for name in frozen} & statistics
    assert not changed & own
    assert statistics - own <= changed
    assert "classifier.weight" in changed


def test_frozen_statistics_are_those_of_the_body_alone() -> None:
    model = build("torchvision", architecture="resnet18", frozen_statistics=True, neck={"features": 8})
    changed = after_a_step(model, 32)
    counting = {name for name in changed if name.endswith("running_mean")}
    assert counting == {"neck.1.running_mean"}
    assert "body.layer2.0.bn1.weight" in changed


@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_the_first_stage_of_a_resnet_is_that_of_the_record_of_its_own(library: str) -> None:
    model = build(library, architecture="resnet50", frozen_stages=1)
    frozen = {name.split(".")[1] for name, p in model.named_parameters() if not p.requires_grad}
    assert frozen == {"conv1", "bn1", "layer1"}


def test_tokens_and_positions_are_frozen_with_the_first_stage() -> None:
    model = build("timm", architecture="vit_tiny_patch16_224", frozen_stages=1)
    assert not model.body.get_parameter("cls_token").requires_grad
    assert not model.body.get_parameter("pos_embed").requires_grad
    assert model.body.get_parameter("blocks.0.norm1.weight").requires_grad


@pytest.mark.parametrize("head", ["linear", "cosine"])
def test_the_neck_is_as_in_the_multi_label_recipe(head: str) -> None:
    torch.default_generator.manual_seed(0)
    neck = {"features": 64}
    model = build("torchvision", num_classes=500, neck=neck, head=head)
    assert isinstance(model.neck, nn.Sequential)
    assert [type(layer) for layer in model.neck] == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Dropout]
    assert model.neck[3].p == 0.5
    assert model.num_features == 64
    weight = model.classifier.get_parameter("weight")
    assert weight.std().item() == pytest.approx(0.01, rel=0.05)
    assert head == "cosine" or not model.classifier.get_parameter("bias").any()
    output = model.train()(torch.randn(4, 3, 32, 32))
    assert (output.features == 0).float().mean() > 0.5  # by ReLU and dropout
    assert output.logits.shape == (4, 500)


@pytest.mark.parametrize("library", ["torchvision", "timm"])
@pytest.mark.parametrize("channels", [1, 4])
def test_other_numbers_of_channels_train(library: str, channels: int) -> None:
    model = build(library, channels=channels).train()
    torch.autograd.backward(model(torch.randn(2, channels, 32, 32)).logits.sum())
    assert all(p.grad is not None for p in model.parameters())


def test_dropout_acts_before_the_last_layer_in_training() -> None:
    model = build("torchvision", dropout=0.9).train()
    assert (model(torch.randn(4, 3, 32, 32)).features == 0).float().mean() > 0.8


def training(model: dict[str, Any], folder: Path, per_class: int = 2, **changes: Any) -> TrainingRun:
    data = images(folder, per_class=per_class)
    spec = parse_spec(spec_of(model, **changes), datasets=data)
    return TrainingRun(spec, device=torch.device("cpu"), data_dir=folder, datasets=data)


def rates(ours: TrainingRun) -> dict[str, float]:
    """Learning rate of each parameter of the network at the next step."""
    ours.set_learning_rates()
    names = {parameter: name for name, parameter in ours.state.model.named_parameters()}
    groups = ours.state.optimizer.param_groups
    return {names[p]: group["lr"] for group in groups for p in group["params"] if p in names}


def test_the_backbone_has_a_rate_of_its_own(tmp_path: Path) -> None:
    model = {"name": "torchvision", "backbone_lr_factor": 0.1, "neck": {"features": 8}}
    found = rates(training(model, tmp_path))
    assert len(found) == len(list(build("torchvision", neck={"features": 8}).parameters()))
    for name, rate in found.items():
        assert rate == pytest.approx(0.001 if name.startswith("body.") else 0.01), name


def test_a_rate_of_zero_leaves_the_backbone_as_it_is(tmp_path: Path) -> None:
    ours = training({"name": "torchvision", "backbone_lr_factor": 0}, tmp_path)
    before = state_of(ours.state.model)
    ours.train_step()
    parameters = dict(ours.state.model.named_parameters())
    changed = {name for name, value in parameters.items() if not torch.equal(value, before[name])}
    assert changed == {"classifier.weight", "classifier.bias"}


def test_a_procedures_factor_comes_on_top(tmp_path: Path) -> None:
    model = {"name": "torchvision", "backbone_lr_factor": 0.1}
    method = {"alias": "oltr", "start": 0.5}
    ours = training(model, tmp_path, method=method, epochs=2)
    assert rates(ours)["base.body.conv1.weight"] == pytest.approx(0.001)
    ours.epoch = 1
    found = rates(ours)
    assert found["base.body.conv1.weight"] == pytest.approx(0.0001)
    assert found["base.classifier.weight"] == pytest.approx(0.001)
    assert found["memory.weight"] == pytest.approx(0.01)


def test_meta_weights_follow_the_rates_of_the_parts(tmp_path: Path) -> None:
    spec = {"method": "meta_weight_net", "dataset": {"name": "images", "meta_per_class": 1}}
    learned = []
    for factor in (0, 0.1, 1):
        ours = training({"name": "torchvision", "backbone_lr_factor": factor}, tmp_path, per_class=3, **spec)
        if factor == 0.1:
            # As for a rate of zero: what does not learn is no part of the virtual step.
            ours.state.model.get_submodule("body").requires_grad_(False)
        ours.train_step()
        learned.append(torch.cat([value.detach().flatten() for value in ours.state.companion.parameters()]))
    torch.testing.assert_close(learned[0], learned[1])
    assert not torch.allclose(learned[0], learned[2])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("library", "architecture"),
    [("timm", "vit_tiny_patch16_224"), campaign("torchvision", "vit_b_16"), campaign("timm", "resnet18")],
)
@pytest.mark.parametrize("method", ["meta_weight_net", "isda"])
def test_methods_that_differentiate_otherwise_take_attention(
    library: str, architecture: str, method: str, tmp_path: Path
) -> None:
    dataset = {"name": "images", "meta_per_class": int(method == "meta_weight_net")}
    spec = spec_of({"name": library, "architecture": architecture}, method=method, dataset=dataset)
    events = run(spec, datasets=images(tmp_path, per_class=3))
    assert end(events).outcome == "succeeded", end(events).message


@pytest.mark.parametrize("model", [{"name": "resnet50"}, {"name": "torchvision"}])
def test_without_a_factor_all_parameters_are_one_group(model: dict[str, Any], tmp_path: Path) -> None:
    (group,) = training(model, tmp_path).state.optimizer.param_groups
    assert "factor" not in group


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 3])
def test_neck_frozen_stage_and_rate_resume_bit_for_bit(steps: int, tmp_path: Path) -> None:
    data = images(tmp_path, per_class=3)
    model = {"name": "torchvision", "architecture": "shufflenet_v2_x1_0", "frozen_stages": 1}
    spec = spec_of(model | {"backbone_lr_factor": 0.1, "neck": {"features": 8}}, optimizer="adamw", epochs=2)
    whole = run(spec, tmp_path / "whole", datasets=data)
    first = run(spec, tmp_path / "first", datasets=data, should_stop=stop_after(steps))
    second = run(spec, tmp_path / "second", datasets=data, resume_from=Path(checkpoints(first)[-1].path))
    assert_same_epochs(epochs(first) + epochs(second), epochs(whole))
    ends = [Path(checkpoints(events)[-1].path).read_bytes() for events in (second, whole)]
    assert ends[0] == ends[1]
