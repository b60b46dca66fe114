"""Validation splits of multi-label data: every label's share, the same counts for every seed, other examples."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from lplcore.data.raw import RegisteredDataset
from lplcore.data.stratification import drawn, held_out, label_sets
from lplcore.datasets.registered import Registered
from lplcore.errors import DatasetError
from lplcore.training.loading import dataset_info, load
from tests.lplcore_training.runs import assert_same_epochs, checkpoints, end, epochs, run, stop_after

Labels = npt.NDArray[np.int64]


def labels_of(number: int, classes: int, *, seed: int = 0) -> Labels:
    """[N, C] with a long tail, independent labels; some rows have none."""
    shares = np.minimum(0.45, 1.2 / np.arange(1, classes + 1) ** 1.1)
    drawn_labels: Labels = (np.random.default_rng(seed).random((number, classes)) < shares).astype(np.int64)
    return drawn_labels


def split_of(labels: Labels, fraction: float, *, seed: int = 0) -> npt.NDArray[np.bool_]:
    sets = label_sets(labels)
    return drawn(sets, held_out(sets, fraction), seed=seed)


def test_sets_are_the_distinct_rows() -> None:
    labels = np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1], [0, 1, 0], [0, 0, 0], [1, 0, 1]])
    sets = label_sets(labels)
    assert sorted(zip(sets.labels.astype(int).tolist(), sets.counts.tolist(), strict=True)) == [
        ([0, 0, 0], 2),
        ([0, 1, 0], 1),
        ([1, 0, 1], 3),
    ]
    assert np.array_equal(sets.labels[sets.index], labels > 0)
    assert label_sets(np.where(labels > 0, 1, -1)).counts.tolist() == sets.counts.tolist()


@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("classes", [2, 9, 80])
def test_every_label_gets_its_share(fraction: float, classes: int) -> None:
    labels = labels_of(3000, classes)
    held = split_of(labels, fraction)
    counts, own = labels.sum(axis=0), labels[held].sum(axis=0)
    assert np.abs(own - fraction * counts).max() <= 1
    assert abs(held.sum() - fraction * 3000) <= 20
    assert (labels[~held].sum(axis=0)[counts > 0] > 0).all()


def random_rounds(labels: Labels, fraction: float) -> npt.NDArray[np.bool_]:
    """The algorithm of the source with its random order, one example at a time."""
    random, left = np.random.default_rng(0), np.ones(len(labels), dtype=bool)
    held = np.zeros(len(labels), dtype=bool)
    shares = np.array([1 - fraction, fraction])
    totals, wanted = shares * len(labels), shares[:, None] * labels.sum(axis=0)
    while (numbers := labels[left].sum(axis=0)).any():
        label = min(np.flatnonzero(numbers), key=lambda c: (numbers[c], random.random()))
        for example in np.flatnonzero(left & (labels[:, label] > 0)):
            part = max((0, 1), key=lambda p: (wanted[p, label], totals[p], random.random()))
            wanted[part] -= labels[example]
            totals[part] -= 1
            held[example], left[example] = part == 1, False
    return held


def test_it_is_at_least_as_even_as_the_algorithm_of_the_source() -> None:
    labels = labels_of(1500, 20, seed=3)
    apart = [
        np.abs(labels[held].sum(axis=0) - 0.2 * labels.sum(axis=0)).max()
        for held in (split_of(labels, 0.2), random_rounds(labels, 0.2))
    ]
    assert apart[0] <= min(apart[1], 2)


def test_counts_do_not_depend_on_the_seed_and_examples_do() -> None:
    labels = labels_of(2000, 6)
    first, again, other = (split_of(labels, 0.2, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(labels[first].sum(axis=0), labels[other].sum(axis=0))
    order = np.random.default_rng(5).permutation(2000)
    assert np.array_equal(labels[order][split_of(labels[order], 0.2)].sum(axis=0), labels[first].sum(axis=0))


@pytest.mark.parametrize(
    ("rows", "fraction", "number"),
    [
        ([[1, 0], [1, 0], [0, 1], [0, 1]], 0.5, 2),
        ([[1, 0]], 0.9, 0),
        ([[1, 1], [1, 0], [0, 1]], 0.6, 1),
        ([[0, 0]] * 10, 0.3, 3),
        ([[1, 0]] * 3 + [[0, 0]] * 3, 0.1, 1),
    ],
)
def test_small_cases(rows: list[list[int]], fraction: float, number: int) -> None:
    labels = np.array(rows)
    held = split_of(labels, fraction)
    assert held.sum() == number
    assert ((labels[~held].sum(axis=0) > 0) == (labels.sum(axis=0) > 0)).all()


@pytest.mark.parametrize("seed", range(30))
def test_every_label_keeps_an_example(seed: int) -> None:
    labels = (np.random.default_rng(seed).random((12, 9)) < 0.25).astype(np.int64)
    held = split_of(labels, 0.8, seed=seed)
    assert ((labels[~held].sum(axis=0) > 0) == (labels.sum(axis=0) > 0)).all()


def test_as_many_examples_as_ms_coco_are_split_in_seconds() -> None:
    labels = labels_of(82_081, 80)
    started = time.perf_counter()
    held = split_of(labels, 0.1)
    assert time.perf_counter() - started < 10  # 0.5 s on an idle core
    assert np.abs(labels[held].sum(axis=0) - 0.1 * labels.sum(axis=0)).max() < 3


def tail(folder: Path, *, unknown: float = 0.0) -> dict[str, RegisteredDataset]:
    """1,000 vectors of six labels, a share of them unknown, without a validation split, registered as `mine`."""
    labels, test = labels_of(1000, 6), labels_of(200, 6, seed=1)
    prototypes = np.random.default_rng(2).normal(size=(6, 8))
    x = [(rows @ prototypes).astype(np.float32) for rows in (labels, test)]
    x[0] += np.random.default_rng(4).normal(size=x[0].shape).astype(np.float32)
    labels[np.random.default_rng(3).random(labels.shape) < unknown] = -1
    np.savez(folder / "mine.npz", x_train=x[0], y_train=labels, x_test=x[1], y_test=test)
    return {"mine": RegisteredDataset("mine", str(folder / "mine.npz"))}


@pytest.mark.parametrize(("seed", "unknown"), [(0, 0.0), (1, 0.0), (2, 0.3)])
def test_facts_agree_with_what_is_loaded(seed: int, unknown: float, tmp_path: Path) -> None:
    data, record = tail(tmp_path, unknown=unknown), Registered(name="mine", validation_fraction=0.15)
    info, loaded = dataset_info(record, datasets=data), load(record, seed=seed, datasets=data)
    assert info == loaded.info
    assert loaded.validation is not None
    assert (len(loaded.train.y), len(loaded.validation.y)) == (info.num_train, info.num_validation) == (850, 150)
    assert tuple((loaded.train.y > 0).sum(dim=0).tolist()) == info.class_counts
    whole = dataset_info(Registered(name="mine"), datasets=data)
    assert (whole.num_train, whole.num_validation) == (1000, 0)
    held = (loaded.validation.y > 0).sum(dim=0).tolist()
    assert tuple(np.add(held, info.class_counts)) == whole.class_counts


def test_too_small_a_share_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="too few examples") as caught:
        dataset_info(Registered(name="mine", validation_fraction=1e-4), datasets=tail(tmp_path))
    assert caught.value.field == "validation_fraction"


SPEC: dict[str, Any] = {
    "dataset": {"name": "mine", "validation_fraction": 0.2},
    "method": "binary_cross_entropy",
    "optimizer": {"name": "sgd", "lr": 0.05},
    "epochs": 3,
    "batch_size": 100,
    "checkpoints": {"every_epochs": 1, "keep_best": True},
}


def test_the_best_epoch_on_validation_is_found_and_patience_ends_training(tmp_path: Path) -> None:
    data = tail(tmp_path)
    events = run(SPEC, tmp_path / "run", datasets=data)
    assert end(events).outcome == "succeeded"
    values = [epoch.metrics["validation/mean_average_precision"] for epoch in epochs(events)]
    assert all(value is not None and value > 0.3 for value in values)
    assert "test/mean_average_precision.at_best_validation" in epochs(events)[-1].metrics
    assert any(ready.kind == "best" for ready in checkpoints(events))
    still = {
        "optimizer": {"name": "sgd", "lr": 1e-12, "momentum": 0.0},
        "schedule": "constant",
        "epochs": 9,
        "patience": 2,
    }
    ended = run(SPEC | still, tmp_path / "still", datasets=data)
    assert [epoch.epoch for epoch in epochs(ended)] == [1, 2, 3]


def test_a_run_with_such_a_split_goes_on_where_it_stopped(tmp_path: Path) -> None:
    data = tail(tmp_path)
    whole = run(SPEC, tmp_path / "whole", datasets=data)
    stopped = run(SPEC, tmp_path / "first", datasets=data, should_stop=stop_after(3))
    resumed = run(SPEC, tmp_path / "second", datasets=data, resume_from=Path(checkpoints(stopped)[-1].path))
    assert_same_epochs(epochs(whole), epochs(resumed))


def test_without_a_split_the_remedy_is_the_fraction(tmp_path: Path) -> None:
    ended = end(run(SPEC | {"dataset": "mine"}, datasets=tail(tmp_path)))
    assert (ended.outcome, ended.reason) == ("failed", "bad_spec")
    assert "checkpoints.keep_best: needs a validation split; set dataset.validation_fraction above 0" in str(
        ended.message
    )
