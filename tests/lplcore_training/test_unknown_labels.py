"""Unknown labels and shares in files: what a run makes of them, for every kind of method."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors import torch as safetensors

import lplcore
from lplcore.data.raw import RegisteredDataset, positives
from lplcore.datasets import Dataset
from lplcore.errors import DatasetError, SpecError
from lplcore.samplers import class_counts
from lplcore.training.loading import dataset_info, load
from lplcore.training.run import TrainingRun
from tests.lplcore_training.runs import checkpoints as checkpoints_of
from tests.lplcore_training.runs import end, epochs, run, stop_after

Arrays = dict[str, Any]
SINGLE = ["cross_entropy", "lpl", "la_lpl", "isda", "center", "mixup", "class_balanced_finetune", "oltr", "infogan"]
MULTI = ["binary_cross_entropy", "r_bce_focal_lpl", "r_bce_ntr", "r_bce_lc", "ldam", "two_way", "oltr", "ml_gcn"]
SOFT = ["binary_cross_entropy", "focal", "asymmetric", "r_bce_focal_lpl", "r_bce_ntr", "class_balanced_focal", "ml_gcn"]
HARD = {"two_way": "two_way", "ldam": "ldam", "r_bce_lc": "logit_compensation", "oltr": "oltr"}
"""Methods that take no shares, with the part that does not."""


def single_label(number: int = 90) -> Arrays:
    """Vectors of three classes."""
    random = np.random.default_rng(0)
    y = random.integers(0, 3, number)
    x = (np.eye(3)[y] @ random.normal(size=(3, 6)) + 0.3 * random.normal(size=(number, 6))).astype(np.float32)
    return {"x_train": x[:60], "y_train": y[:60], "x_test": x[60:], "y_test": y[60:]}


def multi_label(number: int = 90) -> Arrays:
    """Vectors that are sums of four labels' prototypes."""
    random = np.random.default_rng(1)
    y = (random.random((number, 4)) < (0.6, 0.4, 0.3, 0.2)).astype(np.int64)
    x = (y @ random.normal(size=(4, 6)) + 0.3 * random.normal(size=(number, 6))).astype(np.float32)
    return {"x_train": x[:60], "y_train": y[:60], "x_test": x[60:], "y_test": y[60:]}


def saved(folder: Path, arrays: Arrays, *, task: str | None = None) -> dict[str, RegisteredDataset]:
    """The arrays in a file, registered as `own`."""
    path = folder / f"{len(list(folder.iterdir()))}.npz"
    np.savez(path, **arrays)
    return {"own": RegisteredDataset("own", str(path), task=task)}


def record(**fields: Any) -> Dataset:
    """The data set of a spec."""
    entry = {"own": RegisteredDataset("own", "unread.npz", task="single_label")}
    return lplcore.parse_spec({"dataset": {"name": "own", **fields}, "method": "lpl"}, datasets=entry).dataset


def spec_of(method: Any, **changes: Any) -> dict[str, Any]:
    """Two epochs of a small network."""
    return {
        "dataset": "own",
        "model": {"name": "mlp", "widths": [8]},
        "method": method,
        "epochs": 2,
        "batch_size": 16,
        **changes,
    }


def without(arrays: Arrays, left_out: dict[str, npt.NDArray[np.bool_]]) -> Arrays:
    """The arrays without some examples of each split."""
    return {name: array[~left_out[name.partition("_")[2]]] for name, array in arrays.items()}


def some_unknown(arrays: Arrays, unknown: int) -> tuple[Arrays, dict[str, npt.NDArray[np.bool_]]]:
    """Every fifth example of each split with an unknown label (multi label: with no known one), and which those are."""
    marked, left_out = dict(arrays), {}
    for split in ("train", "test"):
        rows = np.arange(len(arrays[f"y_{split}"])) % 5 == 2
        y = arrays[f"y_{split}"].copy()
        y[rows] = unknown
        marked[f"y_{split}"], left_out[split] = y, rows
    return marked, left_out


@pytest.mark.parametrize("method", SINGLE)
def test_a_run_with_unknown_labels_is_the_run_without_those_examples(method: str, tmp_path: Path) -> None:
    if method == "infogan":
        method_of: Any = {"alias": method, "procedure": {"name": method, "generator_epochs": 1}}
    else:
        method_of = method
    marked, left_out = some_unknown(single_label(), -100)
    events = [
        run(spec_of(method_of), datasets=saved(tmp_path, arrays))
        for arrays in (marked, without(single_label(), left_out))
    ]
    first, second = (epochs(each) for each in events)
    assert end(events[0]).outcome == "succeeded", end(events[0]).message
    for own, other in zip(first, second, strict=True):
        mine, theirs = ({n: v for n, v in each.metrics.items() if "per_second" not in n} for each in (own, other))
        assert mine == theirs
        for name, values in own.series.items():
            np.testing.assert_array_equal(values, other.series[name])


@pytest.mark.parametrize("column", [False, True])
def test_facts_and_splits_know_the_labelled_examples_alone(column: bool, tmp_path: Path) -> None:
    marked, left_out = some_unknown(single_label(), -100)
    if column:
        marked |= {name: array[:, None] for name, array in marked.items() if name.startswith("y_")}
    data = saved(tmp_path, marked)
    info = dataset_info(record(validation_fraction=0.2), datasets=data)
    y = single_label()["y_train"][~left_out["train"]]
    assert sum(info.class_counts) + info.num_validation == len(y) == 48
    assert (info.num_test, len(info.classes)) == (24, 3)
    assert "y_train: 12 of 60 examples are left out, as their label is unknown (-100)" in info.notes
    loaded = load(record(validation_fraction=0.2, meta_per_class=2), seed=0, datasets=data)
    assert loaded.validation is not None
    assert loaded.meta is not None
    for split in (loaded.train, loaded.validation, loaded.meta):
        assert int(split.y.min()) >= 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_train": np.array([0, 1, -1, 2] * 15)}, "y_train: labels run from 0"),
        ({"y_train": np.array([0, 1, 255, 2] * 15, dtype=np.uint8)}, "255 often marks .* give them -100"),
        ({"y_test": np.full(30, -100)}, "y_test: no example has a label, all are -100"),
        ({"y_train": np.full(60, -100)}, "y_train: no example has a label"),
    ],
)
def test_other_bad_labels_are_errors_by_name(changes: Arrays, message: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=message):
        dataset_info(record(), datasets=saved(tmp_path, single_label() | changes))


@pytest.mark.parametrize(("entry", "message"), [(-2, "and -1: unknown"), (2, "and -1: unknown")])
def test_other_bad_entries_are_errors_by_name(entry: int, message: str, tmp_path: Path) -> None:
    arrays = multi_label()
    arrays["y_train"][3, 1] = entry
    with pytest.raises(DatasetError, match=message):
        dataset_info(record(), datasets=saved(tmp_path, arrays))


def gaps(arrays: Arrays) -> Arrays:
    """A fifth of the entries unknown, and all of a few examples."""
    random, marked = np.random.default_rng(2), dict(arrays)
    for split in ("train", "test"):
        y = arrays[f"y_{split}"].copy()
        y[random.random(y.shape) < 0.2] = -1
        y[::7] = -1
        marked[f"y_{split}"] = y
    return marked


@pytest.mark.parametrize("method", MULTI)
def test_what_an_unknown_entry_would_be_changes_nothing(method: str, tmp_path: Path) -> None:
    marked = gaps(multi_label())
    events = run(spec_of(method), datasets=saved(tmp_path, marked))
    assert end(events).outcome == "succeeded", end(events).message
    last = epochs(events)[-1]
    assert last.metrics["test/mean_average_precision"] is not None
    assert last.metrics["train/loss"] is not None


def test_counts_and_notes_of_multi_label_data_leave_out_what_is_unknown(tmp_path: Path) -> None:
    marked = gaps(multi_label())
    data = saved(tmp_path, marked)
    info = dataset_info(record(), datasets=data)
    known = marked["y_train"][(marked["y_train"] != -1).any(axis=1)]
    assert info.task == "multi_label"
    assert info.class_counts == tuple((known == 1).sum(axis=0))
    assert info.num_train == len(known)
    assert any(note.startswith("y_train: ") and "unknown (-1)" in note for note in info.notes)
    held = dataset_info(record(validation_fraction=0.25), datasets=data)
    assert held.num_train + held.num_validation == info.num_train


def test_training_on_unknown_entries_is_training_on_the_known_ones(tmp_path: Path) -> None:
    """Of a class whose every entry is unknown nothing is learned: the last layer's row stays, but for decay."""
    arrays = multi_label()
    arrays["y_train"][:, 3] = -1
    spec = spec_of("binary_cross_entropy", optimizer={"name": "sgd", "weight_decay": 0.0})
    data = saved(tmp_path, arrays)
    still = {**spec, "epochs": 1, "optimizer": {"name": "sgd", "lr": 1e-12, "weight_decay": 0.0}}
    before, after = run(still, tmp_path / "a", datasets=data), run(spec, tmp_path / "b", datasets=data)
    rows = [last_layer(checkpoints_of(events)[-1].path)[3] for events in (before, after)]
    torch.testing.assert_close(rows[0], rows[1])
    assert np.isnan(epochs(after)[-1].series["relative_loss_variation.positive"][3])


def last_layer(path: str) -> torch.Tensor:
    """Its weights in a checkpoint."""
    return safetensors.load_file(path)["model.classifier.weight"]


def shares(arrays: Arrays) -> Arrays:
    """Training labels between 0 and 1, some of them unknown."""
    random = np.random.default_rng(3)
    y = np.clip(arrays["y_train"] + random.choice([-0.3, 0, 0.25], arrays["y_train"].shape), 0, 1)
    y[5, 2] = -1
    return arrays | {"y_train": y.astype(np.float32)}


@pytest.mark.parametrize("method", SOFT)
def test_shares_train_and_resume(method: str, tmp_path: Path) -> None:
    data = saved(tmp_path, shares(multi_label()), task="multi_label")
    whole = run(spec_of(method), tmp_path / "whole", datasets=data)
    assert end(whole).outcome == "succeeded", end(whole).message
    first = run(spec_of(method), tmp_path / "first", datasets=data, should_stop=stop_after(3))
    stopped = Path(checkpoints_of(first)[-1].path)
    resumed = run(spec_of(method), tmp_path / "second", datasets=data, resume_from=stopped)
    ends = [Path(checkpoints_of(events)[-1].path).read_bytes() for events in (whole, resumed)]
    assert ends[0] == ends[1]


def test_class_counts_of_shares_are_their_sums(tmp_path: Path) -> None:
    arrays = shares(multi_label())
    info = dataset_info(record(), datasets=saved(tmp_path, arrays, task="multi_label"))
    assert info.shares
    assert info.class_counts == tuple(np.rint(np.maximum(arrays["y_train"], 0).sum(axis=0, dtype=np.float64)))
    assert positives(np.array([[0.1, 0.0, 0.6], [0.1, 0.0, 0.9]])).tolist() == [1, 0, 2]


def test_samplers_take_an_example_for_one_of_a_class_from_a_half_on() -> None:
    assert class_counts(torch.tensor([[0.5, 0.49], [1.0, -1.0], [0.0, 0.7]])).tolist() == [2, 1]


@pytest.mark.parametrize("method", sorted(HARD))
def test_a_method_that_takes_no_shares_says_so(method: str, tmp_path: Path) -> None:
    data = saved(tmp_path, shares(multi_label()), task="multi_label")
    spec = lplcore.parse_spec(spec_of(method), datasets=data)
    with pytest.raises(SpecError, match=f"'{HARD[method]}' needs labels of 0 or 1") as caught:
        spec.check(dataset_info(spec.dataset, datasets=data))
    assert caught.value.errors[0]["path"] == "method"
    criterion = lplcore.criterion(spec.method, class_counts=[9, 5, 3, 2], task="multi_label", num_examples=12)
    with pytest.raises(ValueError, match=f"'{HARD[method]}' takes no shares"):
        criterion(torch.zeros(1, 4), torch.tensor([[0.5, 1, 0, 0]]))


@pytest.mark.parametrize(
    ("changes", "task", "message"),
    [
        ({}, None, "register shares of 0 to 1 with the task multi_label"),
        ({}, "single_label", "register shares of 0 to 1 with the task multi_label"),
        ({"y_test": np.full((30, 4), 0.5, dtype=np.float32)}, "multi_label", "y_test: metrics need labels"),
        ({"y_train": np.full((60, 4), 1.5, dtype=np.float32)}, "multi_label", "labels are whole numbers, got float32"),
    ],
)
def test_shares_are_refused_where_they_cannot_be(
    changes: Arrays, task: str | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=message):
        dataset_info(record(), datasets=saved(tmp_path, shares(multi_label()) | changes, task=task))


def test_no_validation_split_is_drawn_of_shares(tmp_path: Path) -> None:
    data = saved(tmp_path, shares(multi_label()), task="multi_label")
    with pytest.raises(DatasetError, match="metrics need labels of 0 or 1"):
        dataset_info(record(validation_fraction=0.2), datasets=data)


def test_loss_of_shares_is_their_mixture() -> None:
    criterion = lplcore.criterion("r_bce_focal_lpl", class_counts=[9, 5, 3], task="multi_label", num_examples=12)
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    plain = lplcore.criterion("focal", class_counts=[9, 5, 3], task="multi_label", num_examples=12)
    ones, zeros, mixed = (plain(logits, torch.full((4, 3), value), reduction="none") for value in (1.0, 0.0, 0.25))
    torch.testing.assert_close(mixed, 0.25 * ones + 0.75 * zeros)
    assert torch.isfinite(criterion(logits, torch.full((4, 3), 0.25)))


@pytest.mark.parametrize("method", ["r_bce_ntr", "reweighting"])
def test_shares_of_a_class_are_over_the_examples_of_which_it_is_known(method: str) -> None:
    def built(**options: Any) -> Any:
        return lplcore.criterion(method, class_counts=[6, 3], task="multi_label", **options)

    logits, labels = torch.tensor([[0.5, -1.0]]), torch.tensor([[1, 0]])
    known = built(num_examples=20, known_examples=[20, 12])(logits, labels, reduction="none")
    for place, number in enumerate((20, 12)):
        alone = built(num_examples=number)(logits, labels, reduction="none")
        torch.testing.assert_close(known[:, place], alone[:, place])
    torch.testing.assert_close(
        built(num_examples=20, known_examples=[20, 20])(logits, labels), built(num_examples=20)(logits, labels)
    )
    with pytest.raises(ValueError, match="known_examples: one number for each class"):
        built(num_examples=20, known_examples=[5, 12])


def test_a_run_counts_of_how_many_examples_a_class_is_known(tmp_path: Path) -> None:
    marked = gaps(multi_label())
    data = saved(tmp_path, marked)
    spec = lplcore.parse_spec(spec_of("r_bce_ntr"), datasets=data)
    training = TrainingRun(spec, device=torch.device("cpu"), data_dir=tmp_path, datasets=data)
    known = marked["y_train"][(marked["y_train"] != -1).any(axis=1)] != -1
    assert training.state.criterion.statistics.known_examples == tuple(known.sum(axis=0))
