"""The frame around every method: weight * base loss(logits + perturbations), and what goes into it."""

import copy
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import lplcore
from lplcore.errors import validated
from lplcore.frame.inputs import CriterionInput
from lplcore.method.method import MethodSpec

COUNTS = [60, 30, 10, 4]


def batch() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(20, 4, generator=generator, dtype=torch.float64)
    return logits, torch.randint(0, 4, (20,), generator=generator)


@pytest.mark.parametrize("method", ["cross_entropy", "logit_adjustment", "lpl", "la_lpl"])
def test_every_way_to_ask_for_the_loss_agrees(method: str) -> None:
    logits, labels = batch()
    criterion = lplcore.criterion(method, class_counts=COUNTS)
    each = criterion(logits, labels, reduction="none")
    assert each.shape == (20,)
    torch.testing.assert_close(criterion(logits, labels), each.mean())
    torch.testing.assert_close(criterion(logits, labels, reduction="sum"), each.sum())
    delta = criterion.perturbation(logits.requires_grad_(), labels)
    assert not delta.requires_grad
    torch.testing.assert_close(functional.cross_entropy(logits + delta, labels, reduction="none"), each)
    output = criterion.evaluate(logits, labels)
    torch.testing.assert_close(output.loss, each)
    torch.testing.assert_close(output.perturbed_loss, each.detach())
    clean = functional.cross_entropy(logits.detach(), labels, reduction="none")
    torch.testing.assert_close(output.clean_loss, clean)
    assert [part.requires_grad for part in output[:3]] == [True, False, False]


@pytest.mark.parametrize(
    "method",
    [
        "la_lpl",
        {"alias": "la_lpl"},
        ["logit_adjustment", "lpl"],
        [{"name": "logit_adjustment"}, {"name": "lpl"}],
        {"perturbations": ["logit_adjustment", {"name": "lpl"}]},
        {"loss": {"name": "cross_entropy"}, "perturbations": ["logit_adjustment", "lpl"]},
        lplcore.parse_spec({"dataset": "digits", "method": "la_lpl"}).method,
        lplcore.parse_spec({"dataset": "digits", "method": "la_lpl"}).model_dump(mode="json")["method"],
    ],
    ids=lambda method: type(method).__name__,
)
def test_a_method_can_be_given_in_many_forms(method: Any) -> None:
    logits, labels = batch()
    expected = lplcore.criterion("la_lpl", class_counts=COUNTS)(logits, labels)
    assert torch.equal(lplcore.criterion(method, class_counts=COUNTS)(logits, labels), expected)


@pytest.mark.parametrize(
    "counts",
    [
        tuple(COUNTS),
        np.array(COUNTS),
        torch.tensor(COUNTS),
        torch.tensor(COUNTS, dtype=torch.float32),
        list(np.array(COUNTS)),
        list(torch.tensor(COUNTS)),
    ],
    ids=lambda counts: type(counts).__name__,
)
def test_class_counts_come_in_any_container(counts: Any) -> None:
    logits, labels = batch()
    expected = lplcore.criterion("lpl", class_counts=COUNTS)(logits, labels)
    assert torch.equal(lplcore.criterion("lpl", class_counts=counts)(logits, labels), expected)


@pytest.mark.parametrize(
    "counts",
    [[], [5], [3, -1], [3, 1.5], [0, 0], [3, float("nan")], [3, float("inf")], [True, 2], [[1, 2]], "ab", 7, {0: 3}],
    ids=str,
)
def test_wrong_class_counts_are_named(counts: Any) -> None:
    with pytest.raises(ValueError, match="class_counts"):
        lplcore.criterion("lpl", class_counts=counts)


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8])
def test_labels_of_any_integer_type_are_class_indices(dtype: torch.dtype) -> None:
    logits, labels = batch()
    criterion = lplcore.criterion("la_lpl", class_counts=COUNTS)
    assert torch.equal(criterion(logits, labels.to(dtype)), criterion(logits, labels))


@pytest.mark.parametrize("labels", [torch.rand(20), torch.rand(20, 3), torch.ones(20, dtype=torch.bool)])
def test_other_labels_are_refused(labels: Tensor) -> None:
    with pytest.raises(ValueError, match="labels: expected class indices"):
        lplcore.criterion("lpl", class_counts=COUNTS)(batch()[0], labels)


@pytest.mark.parametrize(
    ("task", "labels", "message"),
    [
        ("single_label", torch.tensor([0, 4]), "run from 0 to 3, got 4"),
        ("single_label", torch.tensor([-5, 0]), "run from 0 to 3, got -5"),
        ("single_label", torch.ones(2, 4), "for multi-hot rows give task='multi_label'"),
        ("single_label", torch.tensor([[2.0, -1, 0, 0], [1, 0, 0, 0]]), "soft targets are at least 0"),
        ("single_label", torch.full((2, 4), math.nan), "soft targets"),
        ("multi_label", torch.tensor([[0, 1, 2, 0], [0, 0, 0, 0]]), "zeros and ones"),
        ("multi_label", torch.full((2, 4), 1.3), "zeros and ones"),
        ("multi_label", torch.full((2, 4), -0.3), "zeros and ones"),
        ("multi_label", torch.full((2, 4), math.nan), "zeros and ones"),
    ],
)
def test_labels_that_cannot_be_are_refused(task: str, labels: Tensor, message: str) -> None:
    name = "cross_entropy" if task == "single_label" else "binary_cross_entropy"
    criterion = lplcore.criterion(name, class_counts=COUNTS, task=task)
    with pytest.raises(ValueError, match=message):
        criterion(torch.zeros(2, 4), labels)


def test_soft_targets_are_for_methods_that_allow_them() -> None:
    logits, labels = batch()
    soft = functional.one_hot(labels, 4).double()
    adjusted = lplcore.criterion("logit_adjustment", class_counts=COUNTS)
    torch.testing.assert_close(adjusted(logits, soft), adjusted(logits, labels))
    with pytest.raises(ValueError, match="labels: 'lpl' needs one label per example"):
        lplcore.criterion("la_lpl", class_counts=COUNTS)(logits, soft)


def test_an_unknown_reduction_is_refused() -> None:
    with pytest.raises(ValueError, match="reduction: 'avg' is unknown"):
        lplcore.criterion("lpl", class_counts=COUNTS)(*batch(), reduction="avg")


@pytest.mark.parametrize(
    ("method", "parameters", "path", "says"),
    [
        ("lpll", {}, "", "did you mean 'lpl'"),
        ("cross_entropy", {"epsilon": 1.0}, "epsilon", "unknown parameter"),
        (["lpl", "nothing"], {}, "1.name", "unknown perturbation"),
        (["lpl"], {"epsilon": 1.0}, "epsilon", "items of a list"),
        ({"loss": "cross_entropi"}, {}, "loss.name", "did you mean 'cross_entropy'"),
        ({"lost": "cross_entropy"}, {}, "lost", "did you mean 'loss'"),
        ("lpl", {"threshold": 5.5}, "perturbations.0.threshold", r"\[0, 5\]"),
        ("isda", {"task": "multi_label"}, "", "nearest method that fits is 'binary_cross_entropy'"),
        (["isda"], {"task": "multi_label"}, "perturbations.0.name", "not made for multi_label"),
        (None, {}, "", "give the name of a method"),
    ],
    ids=str,
)
def test_wrong_methods_are_named(method: Any, parameters: dict[str, Any], path: str, says: str) -> None:
    with pytest.raises(lplcore.SpecError, match=says) as caught:
        lplcore.criterion(method, class_counts=COUNTS, **parameters)
    assert path in [error["path"] for error in caught.value.errors]


class ByLabel(nn.Module):
    """A weighting that grows with the class index and with progress."""

    def forward(self, inputs: CriterionInput) -> Tensor:
        return (inputs.labels + 1.0) * (1 if inputs.progress is None else inputs.progress)


def test_weights_multiply_the_loss_but_not_what_the_loss_variation_sees() -> None:
    logits, labels = batch()
    plain = lplcore.criterion("lpl", class_counts=COUNTS)
    weighted = copy.deepcopy(plain)
    weighted.weighting = ByLabel()
    expected, output = plain.evaluate(logits, labels), weighted.evaluate(logits, labels, progress=0.5)
    torch.testing.assert_close(output.loss, 0.5 * (labels + 1) * expected.loss)
    assert torch.equal(output.clean_loss, expected.clean_loss)
    assert torch.equal(output.perturbed_loss, expected.perturbed_loss)
    torch.testing.assert_close(weighted(logits, labels, progress=0.5), output.loss.mean())


def test_narrowing_the_module_leaves_its_tables_wide() -> None:
    logits, labels = batch()
    criterion = lplcore.criterion("la_lpl", class_counts=COUNTS)
    expected = criterion(logits, labels)
    assert torch.equal(criterion.half()(logits, labels), expected)


def test_evaluation_mode_leaves_running_statistics_alone() -> None:
    logits, labels = batch()
    criterion = lplcore.criterion("lpl", class_counts=COUNTS, split="performance", q_estimate="running")
    fresh = copy.deepcopy(criterion.state_dict())
    criterion.eval()(logits, labels)
    criterion.train().perturbation(logits, labels)
    assert all(torch.equal(value, fresh[name]) for name, value in criterion.state_dict().items())
    criterion(logits, labels)
    assert not all(torch.equal(value, fresh[name]) for name, value in criterion.state_dict().items())


def test_a_restored_criterion_goes_on_as_if_never_stopped() -> None:
    logits, labels = batch()

    def make() -> lplcore.Criterion:
        return lplcore.criterion("lpl", class_counts=COUNTS, split="performance", q_estimate="running")

    straight, first, second = make(), make(), make()
    straight(logits[:10], labels[:10])
    first(logits[:10], labels[:10])
    second.load_state_dict(first.state_dict())
    assert torch.equal(second(logits[10:], labels[10:]), straight(logits[10:], labels[10:]))


def test_a_method_spec_is_complete_and_parses_to_itself() -> None:
    method = validated(MethodSpec, "la_lpl")
    assert validated(MethodSpec, method.model_dump(mode="json")) == method


TRAINING = """
import sys, tempfile
import lplcore

def loaded(*names):
    return sorted(set(names) & set(sys.modules))

print(loaded("torchvision", "sklearn", "scipy"))
spec = {"dataset": {"name": "digits", "imbalance_factor": 20}, "model": "mlp", "method": "lpl", "epochs": 1}
with tempfile.TemporaryDirectory() as folder:
    *_, end = lplcore.train(spec, data_dir=folder, checkpoint_dir=folder, device="cpu")
print(end.outcome, loaded("torch._dynamo", "torch._inductor"))
"""


@pytest.mark.slow
def test_importing_the_library_loads_neither_torchvision_nor_scikit_learn_and_training_no_compiler() -> None:
    answer = subprocess.run([sys.executable, "-c", TRAINING], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines() == ["[]", "succeeded []"]
