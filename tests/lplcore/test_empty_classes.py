"""A class without training examples changes nothing for the others: outside the criterion, and in numbers by hand."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import lplcore
from lplcore.data.info import DatasetInfo
from lplcore.data.raw import RegisteredDataset
from lplcore.frame.statistics import class_statistics
from lplcore.plugin import get, plugins
from lplcore.training.evaluation.confusion import Confusion
from lplcore.training.evaluation.multi_label import evaluate_multi_label
from lplcore.training.evaluation.single_label import Evaluation, evaluate

COUNTS = [150, 60, 12, 3]
TASKS = ("single_label", "multi_label")
PLACES = (0, 2, 4)
POSTHOC = list(plugins("posthoc"))
SAMPLERS = [(name, task) for name in plugins("sampler") for task in TASKS if task in get("sampler", name).tasks]


def others_of(place: int) -> Tensor:
    """Indices of the classes that have examples among the five of which `place` is empty."""
    return torch.tensor([c for c in range(5) if c != place])


def with_count(place: int) -> list[int]:
    """COUNTS with an empty class."""
    return [*COUNTS[:place], 0, *COUNTS[place:]]


def head(weight: Tensor, bias: Tensor) -> nn.Linear:
    """A last layer."""
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    return layer


@pytest.mark.parametrize("name", POSTHOC)
@pytest.mark.parametrize("place", PLACES)
def test_an_empty_class_changes_nothing_for_the_others_in_a_post_hoc_correction(name: str, place: int) -> None:
    others, generator = others_of(place), torch.Generator().manual_seed(0)
    weight, bias = torch.randn(5, 6, generator=generator), torch.randn(5, generator=generator)
    features = torch.randn(40, 6, generator=generator)
    small, large = head(weight[others], bias[others]), head(weight, bias)
    without = get("posthoc", name)().build(class_statistics(COUNTS))(small(features), small)
    actual = get("posthoc", name)().build(class_statistics(with_count(place)))(large(features), large)
    torch.testing.assert_close(actual[:, others], without)
    assert torch.equal(actual.argmax(dim=1), others[without.argmax(dim=1)])


@pytest.mark.parametrize(("name", "task"), SAMPLERS)
@pytest.mark.parametrize("place", PLACES)
def test_an_empty_class_changes_no_draw_of_a_sampler(name: str, task: str, place: int) -> None:
    others, generator = others_of(place), torch.Generator().manual_seed(0)
    if task == "single_label":
        labels = torch.repeat_interleave(torch.arange(4), torch.tensor(COUNTS))
        wider = others[labels]
    else:
        labels = (torch.rand(200, 4, generator=generator) < torch.tensor([0.6, 0.3, 0.1, 0.03])).long()
        wider = torch.zeros(200, 5, dtype=torch.int64)
        wider[:, others] = labels
    orders = [get("sampler", name)().order(y, torch.Generator().manual_seed(7)) for y in (labels, wider)]
    assert torch.equal(*orders)


def info(counts: list[int], task: str) -> DatasetInfo:
    """Facts of a data set with these counts."""
    return DatasetInfo(
        name="mine",
        task=task,
        classes=tuple(f"class {c}" for c in range(len(counts))),
        class_counts=tuple(counts),
        num_train=sum(counts),
        num_validation=0,
        num_test=80,
        input_shape=(6,),
    )


def same(actual: dict[str, Any], expected: dict[str, Any]) -> None:
    """Both hold the same figures, to rounding."""
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        assert actual[name] == pytest.approx(value, rel=1e-6), name


@pytest.mark.parametrize("place", PLACES)
def test_an_empty_class_changes_no_single_label_metric(place: int) -> None:
    others, generator = others_of(place), torch.Generator().manual_seed(0)
    labels = torch.randint(4, (80,), generator=generator)
    logits = torch.randn(80, 4, generator=generator)
    wider = torch.full((80, 5), -40.0)
    wider[:, others] = logits
    small = evaluate(lambda batches: (logits[each] for each in batches), labels, num_classes=4, batch_size=32)
    large = evaluate(lambda batches: (wider[each] for each in batches), others[labels], num_classes=5, batch_size=32)
    same(large.metrics("test"), small.metrics("test"))
    groups = [
        e.group_metrics("test", info(c, "single_label")) for e, c in ((large, with_count(place)), (small, COUNTS))
    ]
    same(*groups)


@pytest.mark.parametrize("place", PLACES)
def test_an_empty_class_changes_no_multi_label_metric(place: int) -> None:
    others, generator = others_of(place), torch.Generator().manual_seed(0)
    wider = torch.randn(80, 5, generator=generator)
    truth = (torch.rand(80, 5, generator=generator) < 0.4).long()
    truth[:, place] = 0
    small, large = (
        evaluate_multi_label(
            lambda batches, s=scores: (s[each] for each in batches),  # type: ignore[misc]
            labels,
            batch_size=32,
            threshold=0.5,
            class_counts=counts,
        )
        for scores, labels, counts in (
            (wider[:, others], truth[:, others], COUNTS),
            (wider, truth, with_count(place)),
        )
    )
    actual, expected = large.metrics("test"), small.metrics("test")
    # It is itself one of the classes that this counts.
    assert actual.pop("test/classes_without_positives") == 1 + (expected.pop("test/classes_without_positives") or 0)
    same(actual, expected)
    same(
        large.group_metrics("test", info(with_count(place), "multi_label")),
        small.group_metrics("test", info(COUNTS, "multi_label")),
    )


@pytest.mark.parametrize("place", PLACES)
def test_an_empty_class_is_in_no_shot_group(place: int) -> None:
    accuracy = np.array([0.5] * 5)
    accuracy[place] = 0.0
    confusion = np.diag((100 * accuracy).astype(np.int64)) + np.diag((100 - 100 * accuracy[:4]).astype(np.int64), 1)
    actual = Evaluation(Confusion.of_matrix(confusion), 0.0, np.zeros((3, 15)))
    groups = actual.group_metrics("test", info(with_count(place), "single_label"))
    accuracies = {c: actual.accuracy[c] for c, n in enumerate(with_count(place)) if 0 < n < 20}
    assert groups["test/top1_error.few"] == pytest.approx(1 - sum(accuracies.values()) / len(accuracies))


@pytest.mark.parametrize("name", POSTHOC)
def test_a_network_trained_without_examples_of_a_class_is_corrected_as_without_the_class(
    name: str, tmp_path: Path
) -> None:
    generator = np.random.default_rng(0)
    centers = 1.2 * generator.normal(size=(4, 8))
    y = np.repeat(np.arange(4), [500, 250, 100, 50])
    x = (centers[y] + generator.normal(size=(900, 8))).astype(np.float32)
    errors = []
    for shift in (0, 1):
        path = tmp_path / f"{shift}.npz"
        np.savez(path, x_train=x, y_train=y + shift, x_test=x, y_test=y + shift)
        spec = {"dataset": "mine", "method": {"alias": "cross_entropy", "posthoc": name}, "model": "mlp", "epochs": 5}
        events = list(lplcore.train(spec, datasets={"mine": RegisteredDataset(name="mine", path=str(path))}))
        last = [event for event in events if isinstance(event, lplcore.EpochEnd)][-1]
        errors.append(last.metrics["test/top1_error"] or math.nan)
    assert errors == pytest.approx([errors[0]] * 2, abs=0.05)
    assert errors[1] < 0.3


def test_the_log_prior_of_an_empty_class_leaves_nothing_of_it_in_a_softmax() -> None:
    statistics = class_statistics([30, 0, 10])
    adjusted = (torch.zeros(3, dtype=torch.float64) + statistics.log_prior(0.25)).softmax(dim=0)
    weights = [30**0.25, 0.0, 10**0.25]
    assert adjusted.tolist() == pytest.approx([w / sum(weights) for w in weights], rel=1e-15, abs=1e-40)
    assert statistics.log_prior(0.0).tolist() == [0, 0, 0]
    assert (statistics.smallest_count, statistics.largest_count, statistics.num_counted) == (10, 30, 2)


def test_vector_scaling_of_a_masked_class_by_hand() -> None:
    # u / D + log prior: 2 / 2^0.3 + log(50 / 160) at the label, 1 + log(100 / 160) beside it, nothing of the third.
    loss = lplcore.criterion("vs", class_counts=[100, 50, 10])(torch.tensor([[1, 2, -math.inf]]), torch.tensor([1]))
    assert loss.item() == pytest.approx(0.72806, abs=5e-6)
