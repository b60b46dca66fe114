"""Which classes are the head of a long-tailed subset, and which seed draws it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import safetensors
import safetensors.torch
import torch

import lplcore
from lplcore.data.raw import RegisteredDataset
from lplcore.data.splits import LoadedDataset
from lplcore.datasets.registered import Registered
from lplcore.events import RunStart
from lplcore.randomness import generator
from lplcore.spec.identity import stored_spec
from lplcore.training.checkpoint import METADATA_KEY
from lplcore.training.loading import dataset_info, load
from tests.lplcore_training.runs import checkpoints, end, run, stop_after

SEEDS = (0, 1, 2**40)


def sized(folder: Path, *counts: int) -> dict[str, RegisteredDataset]:
    """Classes of these sizes, registered as `mine`; the only feature of an example is its number."""
    y = np.repeat(np.arange(len(counts)), counts)
    x = np.arange(len(y), dtype=np.float32)[:, None]
    every = np.arange(len(counts))
    np.savez(folder / "mine.npz", x_train=x, y_train=y, x_test=every[:, None].astype(np.float32), y_test=every)
    return {"mine": RegisteredDataset("mine", str(folder / "mine.npz"))}


def thinned(folder: Path, *counts: int, seed: int = 0, **fields: Any) -> LoadedDataset:
    """The subset of such a data set; what is loaded agrees with the facts."""
    registered, record = sized(folder, *counts), Registered(name="mine", **fields)
    loaded = load(record, seed=seed, datasets=registered)
    assert loaded.info == dataset_info(record, datasets=registered)
    assert np.bincount(loaded.train.y.numpy(), minlength=len(counts)).tolist() == list(loaded.info.class_counts)
    return loaded


def numbers(loaded: LoadedDataset) -> list[int]:
    """The examples that are trained on."""
    return [int(x) for x in loaded.train.held[:, 0]]


@pytest.mark.parametrize(
    ("counts", "factor", "expected"),
    [
        ((5, 95, 200), 10, (5, 63, 200)),
        ((0, 95, 200, 0, 50), 4, (0, 95, 200, 0, 50)),
        ((10, 1000, 100), 100, (10, 1000, 100)),
        ((50, 400, 50, 400), 8, (50, 400, 50, 200)),
        ((0, 0, 30, 90), 3, (0, 0, 30, 90)),
    ],
)
def test_the_profile_follows_the_ranks_by_count_over_the_classes_that_have_examples(
    counts: tuple[int, ...], factor: float, expected: tuple[int, ...], tmp_path: Path
) -> None:
    assert thinned(tmp_path, *counts, imbalance_factor=factor).info.class_counts == expected


def test_the_step_profile_follows_the_ranks_by_count(tmp_path: Path) -> None:
    loaded = thinned(tmp_path, 30, 300, 0, 60, 200, imbalance_factor=10, imbalance_profile="step")
    assert loaded.info.class_counts == (30, 300, 0, 30, 200)


@pytest.mark.parametrize("place", range(4))
def test_an_empty_class_changes_nothing_for_the_subset_of_the_others(place: int, tmp_path: Path) -> None:
    without = thinned(tmp_path, 40, 90, 60, imbalance_factor=5, validation_fraction=0.1)
    counts = [40, 90, 60]
    counts.insert(place, 0)
    added = thinned(tmp_path, *counts, imbalance_factor=5, validation_fraction=0.1)
    assert numbers(added) == numbers(without)
    assert added.info.imbalance_factor == without.info.imbalance_factor


@pytest.mark.parametrize("fraction", [0.0, 0.13, 0.2])
def test_classes_alike_in_size_keep_the_order_of_their_indices(fraction: float) -> None:
    spec = {"dataset": {"name": "digits", "imbalance_factor": 20, "validation_fraction": fraction}, "method": "lpl"}
    counts = dataset_info(lplcore.parse_spec(spec).dataset).class_counts
    assert list(counts) == sorted(counts, reverse=True)


@pytest.mark.parametrize(
    ("counts", "fields", "reached", "note"),
    [
        ((5, 95, 200), {"imbalance_factor": 10}, 40.0, "is 40, 10 was asked for: its classes have 200 to 5 examples"),
        ((147, 147), {"imbalance_factor": 100}, 147.0, "is 147, 100 was asked for"),
        ((5, 95, 200), {"imbalance_factor": 10, "imbalance_order": "index"}, 12.6, "is 12.6, 10 was asked for"),
        ((500, 500, 500), {"imbalance_factor": 100}, 100.0, None),
        ((0, 20, 200), {"imbalance_factor": 10}, 10.0, None),
        ((5, 95, 200), {}, 40.0, None),
    ],
)
def test_the_imbalance_factor_that_is_reached_is_a_fact_and_noted_where_it_is_another(
    counts: tuple[int, ...], fields: dict[str, Any], reached: float, note: str | None, tmp_path: Path
) -> None:
    info = thinned(tmp_path, *counts, **fields).info
    assert info.imbalance_factor == reached
    assert len(info.notes) == (note is not None)
    assert note is None or note in info.notes[0]
    if sum(counts) > 100:
        spec = {"dataset": {"name": "mine", **fields}, "method": "cross_entropy", "epochs": 1, "batch_size": 32}
        start = run(spec, datasets=sized(tmp_path, *counts))[0]
        assert isinstance(start, RunStart)
        assert start.notes == list(info.notes)


def test_one_subset_is_drawn_whatever_the_seed_of_the_run(tmp_path: Path) -> None:
    drawn = [numbers(thinned(tmp_path, 90, 90, 90, seed=seed, imbalance_factor=10)) for seed in SEEDS]
    assert drawn[0] == drawn[1] == drawn[2]
    others = [numbers(thinned(tmp_path, 90, 90, 90, imbalance_factor=10, subset_seed=seed)) for seed in SEEDS]
    assert others[0] == drawn[0]
    assert len({tuple(other) for other in others}) == 3


def test_held_out_examples_follow_the_seed_of_the_run_and_the_subset_is_drawn_of_the_others(tmp_path: Path) -> None:
    parts: dict[str, list[set[int]]] = {"validation": [], "meta": [], "train": []}
    for seed in SEEDS:
        record = {"imbalance_factor": 10.0, "validation_fraction": 0.1, "meta_per_class": 5}
        loaded = thinned(tmp_path, 90, 90, 90, seed=seed, **record)
        for name, found in parts.items():
            found.append({int(x) for x in getattr(loaded, name).x[:, 0]})
        assert not parts["train"][-1] & parts["validation"][-1]
        assert not parts["train"][-1] & parts["meta"][-1]
        assert not parts["validation"][-1] & parts["meta"][-1]
    for name in ("validation", "meta"):
        assert len({frozenset(found) for found in parts[name]}) == 3
    tail = [{number for number in found if number >= 180} for found in parts["train"]]
    assert len(tail[0] | tail[1] | tail[2]) <= len(tail[0]) + 4  # at most what was held out is replaced


def drawn_by_version_0_1_0(labels: npt.NDArray[np.int64], counts: list[int], seed: int) -> list[int]:
    """Indices of the examples that version 0.1.0 kept of a set without validation split."""
    shuffled = torch.randperm(len(labels), generator=generator(seed, "subset")).tolist()
    return sorted(i for c, n in enumerate(counts) for i in [j for j in shuffled if labels[j] == c][:n])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stored_spec_of_version_0_1_0_has_the_subset_that_it_had(seed: int, tmp_path: Path) -> None:
    registered = sized(tmp_path, 20, 95, 200)
    spec = {"dataset": {"name": "mine", "imbalance_factor": 10}, "method": "cross_entropy"}
    record = lplcore.parse_spec(stored_spec(spec), datasets=registered).dataset
    assert (record.subset_seed, record.imbalance_order) == (None, "index")
    expected = drawn_by_version_0_1_0(np.repeat([0, 1, 2], [20, 95, 200]), [20, 63, 20], seed)
    assert numbers(load(record, seed=seed, datasets=registered)) == expected


def as_version_0_1_0_wrote_it(path: Path) -> Path:
    """A checkpoint without the fields that came later."""
    tensors = safetensors.torch.load_file(path)
    with safetensors.safe_open(path, framework="pt") as file:
        metadata = json.loads(file.metadata()[METADATA_KEY])
    for name in ("subset_seed", "imbalance_order"):
        del metadata["spec"]["dataset"][name]
    older = path.with_name("older.safetensors")
    safetensors.torch.save_file(tensors, older, metadata={METADATA_KEY: json.dumps(metadata, sort_keys=True)})
    return older


@pytest.mark.parametrize("stored", [True, False], ids=["from the store", "from a user"])
def test_a_checkpoint_of_version_0_1_0_goes_on_with_its_subset_and_says_so(stored: bool, tmp_path: Path) -> None:
    registered = sized(tmp_path, 20, 95, 200)
    written = {"dataset": {"name": "mine", "imbalance_factor": 10}, "method": "lpl", "epochs": 2, "batch_size": 16}
    complete = stored_spec(lplcore.parse_spec(written, datasets=registered).model_dump(mode="json"))
    older = {**complete, "dataset": {**complete["dataset"], "subset_seed": None, "imbalance_order": "index"}}
    whole = run(older, tmp_path / "whole", seed=3, datasets=registered)
    first = run(older, tmp_path / "first", seed=3, datasets=registered, should_stop=stop_after(3))
    path = as_version_0_1_0_wrote_it(Path(checkpoints(first)[-1].path))
    asked = stored_spec(written) if stored else written
    second = run(asked, tmp_path / "second", seed=3, datasets=registered, resume_from=path)
    assert end(second).outcome == "succeeded", end(second).message
    last = [Path(checkpoints(events)[-1].path).read_bytes() for events in (whole, second)]
    assert last[0] == last[1]
    assert isinstance(second[0], RunStart)
    assert any("begun by version 0.1.0" in note for note in second[0].notes)


def test_a_checkpoint_of_version_0_1_0_is_refused_where_another_subset_is_asked_for(tmp_path: Path) -> None:
    written = {"dataset": {"name": "digits", "imbalance_factor": 10, "subset_seed": None}, "method": "lpl", "epochs": 1}
    first = run({**written, "dataset": {**written["dataset"], "imbalance_order": "index"}}, tmp_path)  # type: ignore[dict-item]
    path = as_version_0_1_0_wrote_it(Path(checkpoints(first)[-1].path))
    asked = {**written, "dataset": {"name": "digits", "imbalance_factor": 10, "subset_seed": 0}}
    found = end(run(asked, resume_from=path))
    assert found.reason == "bad_checkpoint"
    assert "subset_seed is null in the checkpoint, 0 here" in (found.message or "")
