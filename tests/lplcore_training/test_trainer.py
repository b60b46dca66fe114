"""What a run reports."""

import gc
import math
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
from torch import nn

import lplcore
from lplcore.errors import SpecError
from lplcore.events import EpochEnd, Event, RunStart, event_from_json
from tests.grids import campaign
from tests.lplcore_training.runs import DIGITS, IMAGES, checkpoints, end, epochs, run, stop_after

METRICS = {
    "train/loss",
    "train/base_loss",
    "train/learning_rate",
    "train/examples_per_second",
    "train/top1_error",
    "validation/top1_error",
    "validation/loss",
    "validation/balanced_accuracy",
    "validation/macro_f1",
    "validation/calibration_error",
    "test/top1_error",
    "test/loss",
    "test/balanced_accuracy",
    "test/macro_f1",
    "test/calibration_error",
    "test/top1_error.many",
    "test/top1_error.medium",
    "test/top1_error.few",
}


@pytest.fixture(scope="module")
def digits_events() -> list[Event]:
    return run(DIGITS)


@pytest.mark.parametrize("stopped", [campaign(False), True])
def test_a_run_that_has_ended_holds_no_memory(stopped: bool) -> None:
    """Whoever trains many runs in a process needs room for one, whenever garbage is collected."""
    gc.collect()
    gc.disable()
    try:
        before = {id(each) for each in gc.get_objects() if issubclass(type(each), nn.Conv2d)}
        options: dict[str, Any] = {"should_stop": stop_after(1)} if stopped else {}
        assert end(run(IMAGES, **options)).outcome == ("stopped" if stopped else "succeeded")
        left = [each for each in gc.get_objects() if issubclass(type(each), nn.Conv2d) and id(each) not in before]
    finally:
        gc.enable()
    assert left == []


def test_a_run_reports_start_every_epoch_and_end(digits_events: list[Event]) -> None:
    start = digits_events[0]
    assert isinstance(start, RunStart)
    assert (start.start_epoch, start.epochs, len(start.class_names)) == (0, 2, 10)
    assert start.class_counts == [114, 84, 60, 43, 31, 22, 16, 11, 8, 5]
    assert [event.epoch for event in epochs(digits_events)] == [1, 2]
    assert end(digits_events).outcome == "succeeded"


def test_metrics_and_series_have_the_public_names_and_shapes(digits_events: list[Event]) -> None:
    for event in epochs(digits_events):
        at_last = {f"{name}.at_best_validation" for name in METRICS if name.startswith("test/")}
        at_last |= {"validation/temperature", "test/calibration_error.temperature"}
        assert event.metrics.keys() == (METRICS | at_last if event.epoch == 2 else METRICS)
        vectors = {"relative_loss_variation", "train/accuracy", "validation/accuracy", "test/accuracy"}
        vectors |= {"lpl/q", "lpl/epsilon", "lpl/sign"}
        assert vectors <= event.series.keys()
        assert all(event.series[name].shape == (10,) for name in vectors)
        assert all(values.dtype == np.float32 for values in event.series.values())
    last = epochs(digits_events)[-1].series["confusion_matrix"]
    assert last.shape == (10, 10)
    assert last.sum() == 355


def test_the_last_epoch_keeps_the_bins_of_its_calibration_error(digits_events: list[Event]) -> None:
    first, last = epochs(digits_events)
    assert "calibration" not in first.series
    examples, confidence, accuracy = last.series["calibration"].astype(np.float64).T
    assert examples.sum() == 355
    error = np.nansum(examples * np.abs(accuracy - confidence)) / 355
    assert error == pytest.approx(last.metrics["test/calibration_error"], rel=1e-5)


def test_every_event_survives_its_json_form(digits_events: list[Event]) -> None:
    for event in digits_events:
        again = event_from_json(event.to_json())
        assert type(again) is type(event)
        assert again.to_json() == event.to_json()
    one = EpochEnd(1, {"a": None}, {"s": np.array([[1.5, math.nan]], dtype=np.float32)})
    back = EpochEnd.from_json(one.to_json())
    np.testing.assert_array_equal(back.series["s"], one.series["s"])


def test_the_epoch_event_has_the_agreed_json() -> None:
    event = EpochEnd(1, {"test/top1_error": 0.5}, {"test/accuracy": np.array([1.0], dtype=np.float32)})
    assert event.to_json() == {
        "type": "epoch",
        "epoch": 1,
        "metrics": {"test/top1_error": 0.5},
        "series": {"test/accuracy": {"shape": [1], "data": "AACAPw=="}},
    }


def test_checkpoints_come_after_their_epoch_and_in_their_kinds(tmp_path: Any) -> None:
    events = run({**DIGITS, "epochs": 3, "checkpoints": {"every_epochs": 2, "keep_best": True}}, tmp_path)
    announced = checkpoints(events)
    kinds = [(event.kind, event.epoch, event.step) for event in announced if event.kind != "best"]
    assert kinds == [("periodic", 2, 0), ("last", 3, 0)]
    assert ("best", 1) in [(event.kind, event.epoch) for event in announced]
    assert [event.completed for event in announced][-1]
    for event in announced:
        assert event.epoch in [e.epoch for e in epochs(events[: events.index(event)])]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(e.path.rpartition("/")[2] for e in announced)


def test_best_checkpoints_mark_strictly_lower_validation_errors(tmp_path: Any) -> None:
    events = run({**DIGITS, "epochs": 6, "checkpoints": {"every_epochs": 100, "keep_best": True}}, tmp_path)
    errors = [event.metrics["validation/top1_error"] or 0.0 for event in epochs(events)]
    lower = [i + 1 for i, error in enumerate(errors) if all(error < earlier for earlier in errors[:i])]
    assert [event.epoch for event in checkpoints(events) if event.kind == "best"] == lower


def test_without_a_folder_no_checkpoint_is_announced(digits_events: list[Event]) -> None:
    assert checkpoints(digits_events) == []


def test_cross_entropy_has_no_loss_variation() -> None:
    spec = {**DIGITS, "method": "cross_entropy"}
    for event in epochs(run(spec)):
        np.testing.assert_array_equal(event.series["relative_loss_variation"], np.zeros(10, dtype=np.float32))
        assert event.metrics["train/loss"] == event.metrics["train/base_loss"]
        assert not any(name.startswith("lpl/") for name in event.series)


def test_lpl_lowers_the_loss_of_head_classes_and_raises_that_of_tail_classes() -> None:
    spec = {**DIGITS, "method": {"alias": "lpl", "threshold": 0.4, "epsilon": 0.5, "delta_epsilon": 0.0}, "epochs": 1}
    variation = epochs(run(spec))[0].series["relative_loss_variation"]
    assert (variation[:4] < 0).all()
    assert (variation[4:] > 0).all()


def test_a_diverged_run_keeps_what_it_recorded(tmp_path: Any) -> None:
    # A decay of ten times the weight per step lets the weights outgrow float32 after some epochs.
    optimizer = {"name": "sgd", "lr": 10.0, "weight_decay": 1.0}
    events = run({**DIGITS, "epochs": 30, "optimizer": optimizer, "schedule": "constant"}, tmp_path)
    found = end(events)
    assert (found.outcome, found.reason) == ("failed", "diverged")
    assert found.message is not None
    assert f"epoch {len(epochs(events)) + 1}, step" in found.message
    assert "optimizer.lr" in found.message
    assert epochs(events)
    for announced in checkpoints(events):
        tensors = safetensors.torch.load_file(announced.path)
        assert all(tensor.isfinite().all() for name, tensor in tensors.items() if name.startswith("model."))


def registered(folder: Path, **arrays: Any) -> dict[str, lplcore.RegisteredDataset]:
    """An `.npz` of these arrays under the name `mine`."""
    np.savez(folder / "mine.npz", **arrays)
    return {"mine": lplcore.RegisteredDataset(name="mine", path=str(folder / "mine.npz"))}


MINE = {"dataset": "mine", "method": "cross_entropy", "epochs": 3, "batch_size": 16}


def test_a_registered_data_set_without_test_split_trains(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(64) % 2
    x = rng.normal(size=(64, 4)).astype(np.float32) + 1000 * y[:, None] + 5000
    events = run(MINE, datasets=registered(tmp_path, x_train=x, y_train=y, x_validation=x[:8], y_validation=y[:8]))
    assert end(events).outcome == "succeeded"
    last = epochs(events)[-1].metrics
    assert not any(name.startswith("test/") for name in last)
    assert last["validation/top1_error"] == 0.0


def test_a_feature_that_is_not_finite_ends_as_bad_data(tmp_path: Path) -> None:
    x = np.zeros((64, 4), dtype=np.float32)
    x[3, 2] = np.nan
    found = end(run(MINE, datasets=registered(tmp_path, x_train=x, y_train=np.arange(64) % 2)))
    assert found.reason == "bad_data"
    assert "not finite" in (found.message or "")


def test_a_spec_with_a_sweep_is_refused() -> None:
    with pytest.raises(SpecError, match="sweep"):
        lplcore.train({**DIGITS, "sweep": {"batch_size": [64, 128]}})


def test_an_absent_data_set_ends_as_bad_data(tmp_path: Any) -> None:
    found = end(run({**IMAGES, "dataset": "cifar10"}, data_dir=tmp_path))
    assert (found.outcome, found.reason) == ("failed", "bad_data")
    assert "cifar-10-batches-py" in (found.message or "")
    assert str(tmp_path) in (found.message or "")


def test_an_absent_device_is_named() -> None:
    found = end(run(DIGITS, device="cuda:99"))
    assert (found.outcome, found.reason) == ("failed", "error")
    assert "cuda:99" in (found.message or "")


def test_a_run_raises_no_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(IMAGES)


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_both_precisions_learn(precision: str) -> None:
    spec = {**DIGITS, "precision": precision, "epochs": 8, "method": "logit_adjustment"}
    errors = [event.metrics["test/top1_error"] for event in epochs(run(spec))]
    assert errors[-1] is not None
    assert errors[-1] < 0.3


def test_data_that_changed_since_they_were_registered_end_the_run_as_data_changed(tmp_path: Path) -> None:
    known = registered(tmp_path, x_train=np.zeros((64, 4), dtype=np.float32), y_train=np.arange(64) % 2)
    found = end(run(MINE, datasets={name: replace(entry, sha256="0" * 64) for name, entry in known.items()}))
    assert (found.outcome, found.reason) == ("failed", "data_changed")
    assert "has changed since it was registered" in (found.message or "")
