"""Means over a batch: with weights, regularisers and labels to ignore, against torch's own and by hand."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.nn import functional

import lplcore

COUNTS = [60, 30, 10, 4]
WEIGHTINGS: list[tuple[str, dict[str, Any]]] = [
    ("class_balanced", {"beta": 0.9}),
    ("inverse_frequency", {"power": 0.5}),
]


def batch() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(20, 4, generator=generator, dtype=torch.float64)
    return logits, torch.randint(0, 4, (20,), generator=generator).index_fill(0, torch.tensor([3, 7]), -100)


def class_weights(name: str, options: dict[str, Any]) -> Tensor:
    """[C] as the weighting has them: what it makes of a loss of 1."""
    method = {"weighting": {"name": name, **options}}
    even = torch.zeros(4, 4, dtype=torch.float64)
    each: Tensor = lplcore.criterion(method, class_counts=COUNTS)(even, torch.arange(4), reduction="none")
    return each / torch.tensor(4).log()


def by_weights(name: str, options: dict[str, Any], **parts: Any) -> lplcore.Criterion:
    method = {"weighting": {"name": name, "reduction": "weights", **options}, **parts}
    return lplcore.criterion(method, class_counts=COUNTS)


@pytest.mark.parametrize(("name", "options"), WEIGHTINGS)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_the_mean_divides_by_the_weights_as_torch_does(name: str, options: dict[str, Any], reduction: str) -> None:
    logits, labels = batch()
    weight = class_weights(name, options).double()
    actual = by_weights(name, options)(logits, labels, reduction=reduction)
    torch.testing.assert_close(actual, functional.cross_entropy(logits, labels, weight=weight, reduction=reduction))


@pytest.mark.parametrize(("name", "options"), WEIGHTINGS)
def test_the_trainers_mean_is_that_of_the_loss(name: str, options: dict[str, Any]) -> None:
    logits, labels = batch()
    center = [{"name": "center", "weight": 0.1}]
    features = torch.randn(20, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    weight = class_weights(name, options).double()
    # Regularisers are not weighted: of them it is the mean over the examples.
    expected = (
        functional.cross_entropy(logits, labels, weight=weight) + 0.1 * (features**2).sum(dim=1)[labels >= 0].mean()
    )
    for way in ("forward", "evaluate"):
        criterion = by_weights(name, options, regularizers=center)
        answer = (criterion if way == "forward" else criterion.evaluate)(logits, labels, features=features)
        torch.testing.assert_close(answer if way == "forward" else answer.mean, expected)


def test_mixed_targets_divide_by_their_mean_weights() -> None:
    logits = torch.tensor([[1.0, 2.0, -1.0, 0.0], [0.5, 0.0, 0.0, 3.0]], dtype=torch.float64)
    shares = torch.tensor([[0.7, 0.3, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]], dtype=torch.float64)
    weight = class_weights("class_balanced", {"beta": 0.9}).double()
    each = -(shares * weight * logits.log_softmax(dim=1)).sum(dim=1)
    actual = by_weights("class_balanced", {"beta": 0.9})(logits, shares)
    torch.testing.assert_close(actual, each.sum() / (shares @ weight).sum())


def test_deferred_weights_divide_by_the_number_until_they_begin() -> None:
    logits, labels = batch()
    criterion = lplcore.criterion("ldam_drw", class_counts=COUNTS, scale=2.0, beta=0.9, reduction="weights")
    shifted = logits + criterion.perturbation(logits, labels, progress=0.5)
    weight = class_weights("class_balanced", {"beta": 0.9}).double()
    torch.testing.assert_close(criterion(logits, labels, progress=0.5), functional.cross_entropy(shifted, labels))
    later = functional.cross_entropy(shifted, labels, weight=weight)
    torch.testing.assert_close(criterion(logits, labels, progress=0.8), later)


@pytest.mark.parametrize("weighting", ["class_balanced", "inverse_frequency", "rebalanced"])
def test_multi_label_means_divide_by_the_weights_of_the_known_entries(weighting: str) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(9, 4, generator=generator, dtype=torch.float64)
    labels = (torch.rand(9, 4, generator=generator) < 0.4).long()
    labels[2, 1] = labels[5] = -1
    labelled = labels >= 0
    entries = functional.binary_cross_entropy_with_logits(logits, labels.clamp(min=0).double(), reduction="none")
    arguments: dict[str, Any] = {"class_counts": COUNTS, "task": "multi_label", "num_examples": 80}
    by_examples, by_weight = (
        lplcore.criterion({"weighting": {"name": weighting, "reduction": kind}}, **arguments)
        for kind in ("examples", "weights")
    )
    weighted = by_examples(logits, labels, reduction="none")
    weights = (weighted / entries)[labelled]
    torch.testing.assert_close(by_examples(logits, labels), weighted.sum() / labelled.sum())
    torch.testing.assert_close(by_weight(logits, labels), weighted.sum() / weights.sum())


def test_the_example_of_the_documentation_of_mixed_targets() -> None:
    criterion = lplcore.criterion("class_balanced", class_counts=[5000, 50])
    actual = criterion(torch.tensor([[3.0, -3.0]]), torch.tensor([[0.7, 0.3]]))
    assert actual.item() == pytest.approx(3.5564, abs=5e-5)


def test_any_label_can_be_the_one_to_ignore() -> None:
    logits, labels = batch()
    for index in (-100, 2, 255):
        chosen = torch.where(labels == -100, index, labels)
        criterion = lplcore.criterion("lpl", class_counts=COUNTS, ignore_index=index)
        left = chosen != index
        expected = lplcore.criterion("lpl", class_counts=COUNTS)(logits[left], labels[left])
        torch.testing.assert_close(criterion(logits, chosen), expected)
        torch.testing.assert_close(criterion(logits, chosen.to(torch.int16)), expected)
    with pytest.raises(ValueError, match=r"got -100; 255 is ignored"):
        criterion(logits, labels)
    with pytest.raises(ValueError, match="ignore_index: must be a whole number"):
        lplcore.criterion("lpl", class_counts=COUNTS, ignore_index=1.5)  # type: ignore[arg-type]


def test_an_unsigned_label_is_not_taken_for_the_one_to_ignore() -> None:
    criterion = lplcore.criterion("cross_entropy", class_counts=COUNTS)
    with pytest.raises(ValueError, match="got 156"):  # -100 in eight bits
        criterion(torch.zeros(2, 4), torch.tensor([0, 156], dtype=torch.uint8))
    multi = lplcore.criterion("binary_cross_entropy", class_counts=COUNTS, task="multi_label")
    with pytest.raises(ValueError, match="zeros and ones"):
        multi(torch.zeros(1, 4), torch.tensor([[0, 1, 0, 255]], dtype=torch.uint8))


def test_mixup_ignores_an_example_mixed_of_an_ignored_one() -> None:
    criterion = lplcore.criterion("mixup", class_counts=COUNTS)
    torch.default_generator.manual_seed(0)
    inputs = torch.arange(64.0)[:, None] + 1
    labels = torch.arange(64) % 4
    labels[::8] = -100
    mixed, targets = criterion.mix(torch.where(labels >= 0, 0.0, 1.0)[:, None].expand_as(inputs), labels)
    ignored = (targets == -100).all(dim=1)
    assert torch.equal(ignored, mixed[:, 0] > 0)
    assert 8 < ignored.sum() < 17
    loss = criterion(torch.zeros(64, 4), targets, reduction="none")
    assert not loss[ignored].any()
    torch.testing.assert_close(criterion(torch.zeros(64, 4), targets), torch.tensor(4.0).log())


def test_soft_rows_of_the_index_to_ignore_are_ignored() -> None:
    criterion = lplcore.criterion("label_smoothing", class_counts=COUNTS)
    logits, shares = batch()[0][:2], torch.tensor([[0.2, 0.8, 0, 0], [-100.0] * 4], dtype=torch.float64)
    torch.testing.assert_close(criterion(logits, shares), criterion(logits[:1], shares[:1]))


def test_weights_of_the_batch_are_asked_for_by_gradients_per_sample() -> None:
    logits, labels = batch()
    criterion = by_weights("class_balanced", {"beta": 0.9})

    def loss(row: Tensor, label: Tensor, reduction: str) -> Tensor:
        return criterion(row[None], label[None], reduction=reduction).sum()  # type: ignore[no-any-return]

    with pytest.raises(ValueError, match="the weights of the batch's other examples"):
        vmap(grad(lambda row, label: loss(row, label, "mean")))(logits, labels)
    actual = vmap(grad(lambda row, label: loss(row, label, "none")))(logits, labels)
    leaf = logits.clone().requires_grad_()
    (expected,) = torch.autograd.grad(criterion(leaf, labels, reduction="sum"), leaf)
    torch.testing.assert_close(actual, expected)


def test_bad_labels_under_vmap_are_an_error() -> None:
    criterion = lplcore.criterion("cross_entropy", class_counts=COUNTS)
    rows = vmap(lambda row, label: criterion(row[None], label[None]))
    with pytest.raises(ValueError, match="labels: class indices run from 0 to 3"):
        rows(torch.zeros(3, 4), torch.tensor([0, 1, 255]))
    assert rows(torch.zeros(2, 4), torch.tensor([0, -100])).tolist() == pytest.approx([1.3863, 0], abs=1e-4)


def test_presets_of_ldam_drw_divide_by_the_weights_as_its_official_code_does() -> None:
    for name in ("table3_ldam_drw", "table4_ldam_drw", "table3_ldam_drw_short", "table4_ldam_drw_short"):
        weighting = lplcore.parse_spec({"preset": name}).method.weighting
        assert weighting is not None
        assert weighting.reduction == "weights"
    alias = lplcore.parse_spec({"dataset": "digits", "method": "ldam_drw"}).method.weighting
    assert alias is not None
    assert alias.reduction == "examples"
