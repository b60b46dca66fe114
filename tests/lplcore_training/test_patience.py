"""Training that ends where validation no longer improves."""

from pathlib import Path
from typing import Any

import pytest

from lplcore.events import LogLine
from tests.lplcore_training.runs import (
    DIGITS,
    Spec,
    assert_same_epochs,
    checkpoints,
    end,
    epochs,
    run,
    stop_after,
)

STILL: Spec = DIGITS | {
    "optimizer": {"name": "sgd", "lr": 1e-9, "momentum": 0.0},
    "schedule": {"name": "constant", "warmup_epochs": 0},
    "epochs": 9,
    "patience": 2,
}
"""Hardly moves: the first epoch stays the best."""


def test_training_ends_when_patience_does(tmp_path: Path) -> None:
    events = run(STILL, tmp_path)
    assert end(events).outcome == "succeeded"
    assert [epoch.epoch for epoch in epochs(events)] == [1, 2, 3]
    assert any("ended after epoch 3: epoch 1 is still the best" in line.message for line in logged(events))
    last = epochs(events)[-1]
    assert last.metrics["test/top1_error.at_best_validation"] == epochs(events)[0].metrics["test/top1_error"]
    assert "test/top1_error.at_best_validation" not in epochs(events)[1].metrics
    assert [ready.completed for ready in checkpoints(events) if ready.kind == "last"] == [True]


def logged(events: list[Any]) -> list[LogLine]:
    return [event for event in events if isinstance(event, LogLine)]


def test_without_patience_all_epochs_are_trained(tmp_path: Path) -> None:
    assert len(epochs(run(STILL | {"patience": None, "epochs": 4}, tmp_path))) == 4
    assert len(epochs(run(STILL | {"patience": 9, "epochs": 4}, tmp_path))) == 4


def test_patience_begins_with_the_last_stage(tmp_path: Path) -> None:
    for start, last in ((0.5, 7), (0.333334, 5)):  # the stage begins after 5 and after 3 of 9 epochs
        deferred = STILL | {"method": {"alias": "ldam_drw", "procedure": {"name": "deferred", "start": start}}}
        assert len(epochs(run(deferred, tmp_path))) == last


@pytest.mark.parametrize("steps", [6, 12, 14])
def test_a_run_that_was_stopped_ends_with_the_same_epoch(steps: int, tmp_path: Path) -> None:
    whole = run(STILL, tmp_path / "whole")
    first = run(STILL, tmp_path / "first", should_stop=stop_after(steps))
    second = run(STILL, tmp_path / "second", resume_from=Path(checkpoints(first)[-1].path))
    assert end(second).outcome == "succeeded"
    assert_same_epochs(epochs(first) + epochs(second), epochs(whole))
    assert Path(checkpoints(second)[-1].path).read_bytes() == Path(checkpoints(whole)[-1].path).read_bytes()


def test_a_run_that_ended_early_is_finished_where_it_is_resumed(tmp_path: Path) -> None:
    whole = run(STILL, tmp_path / "whole")
    again = run(STILL, tmp_path / "again", resume_from=Path(checkpoints(whole)[-1].path))
    assert not epochs(again)
    assert end(again).outcome == "succeeded"


def test_patience_needs_a_validation_split() -> None:
    ended = end(run(STILL | {"dataset": {"name": "digits"}, "checkpoints": {}}))
    assert (ended.outcome, ended.reason) == ("failed", "bad_spec")
    remedy = "patience: needs a validation split; set dataset.validation_fraction above 0"
    assert ended.message == remedy
