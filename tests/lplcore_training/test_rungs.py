"""A run that waits at rungs and goes on from each equals one that was trained through."""

from dataclasses import replace
from pathlib import Path

import pytest

from lplcore.events import Event, RunEnd
from lplcore.spec.experiment import parse_spec
from lplcore.training.trainer import Request, alone
from tests.lplcore_training.runs import (
    DIGITS,
    IMAGES,
    Spec,
    assert_same_epochs,
    checkpoints,
    end,
    epochs,
    stop_after,
)
from tests.lplcore_training.test_pack import packed
from tests.lplcore_training.test_patience import STILL

LONG: Spec = DIGITS | {"epochs": 5, "checkpoints": {"every_epochs": 10, "keep_best": False}}
STAGED: Spec = LONG | {"method": "ldam_drw", "augmentation": "none"}


def request(spec: Spec, folder: Path, stop_epoch: int | None = None, resume_from: str | None = None) -> Request:
    return Request(parse_spec(spec), "cpu", checkpoint_dir=folder, stop_epoch=stop_epoch, resume_from=resume_from)


def last_path(events: list[Event]) -> str:
    return checkpoints(events)[-1].path


def assert_equals_whole(parts: list[list[Event]], spec: Spec, folder: Path) -> None:
    """The parts of a run have together what a run has that was trained through, its last checkpoint included."""
    whole = list(alone(request(spec, folder / "whole")))
    assert [end(events).outcome for events in parts] == ["at_rung"] * (len(parts) - 1) + ["succeeded"]
    assert_same_epochs([epoch for events in parts for epoch in epochs(events)], epochs(whole))
    assert Path(last_path(parts[-1])).read_bytes() == Path(last_path(whole)).read_bytes()


@pytest.mark.parametrize("spec", [LONG, STAGED, pytest.param(IMAGES | {"epochs": 3}, marks=pytest.mark.campaign)])
def test_a_run_that_waits_at_rungs_equals_one_that_was_trained_through(spec: Spec, tmp_path: Path) -> None:
    parts: list[list[Event]] = []
    for stop_epoch in (1, 2, None):
        resume_from = last_path(parts[-1]) if parts else None
        parts.append(list(alone(request(spec, tmp_path / str(stop_epoch), stop_epoch, resume_from))))
        assert [ready.epoch for ready in checkpoints(parts[-1])] == [stop_epoch or spec["epochs"]]
    assert_equals_whole(parts, spec, tmp_path)


def test_in_a_pack_one_waits_and_the_others_go_on(tmp_path: Path) -> None:
    specs = [LONG | {"seeds": [seed]} for seed in range(3)]
    stops = (2, None, 1)
    first = packed([request(*pair) for pair in zip(specs, [tmp_path / str(n) for n in range(3)], stops, strict=True)])
    assert [end(events).outcome for events in first] == ["at_rung", "succeeded", "at_rung"]
    again = [request(specs[n], tmp_path / f"again-{n}", resume_from=last_path(first[n])) for n in (0, 2)]
    for n, rest in zip((0, 2), packed(again), strict=True):
        assert_equals_whole([first[n], rest], specs[n], tmp_path / f"whole-{n}")
    assert_equals_whole([first[1]], specs[1], tmp_path / "whole-1")


def test_a_run_that_is_at_its_rung_already_waits_there_again(tmp_path: Path) -> None:
    first = list(alone(request(LONG, tmp_path, stop_epoch=2)))
    again = list(alone(request(LONG, tmp_path / "again", 2, last_path(first))))
    assert (end(again), epochs(again), checkpoints(again)) == (RunEnd("at_rung"), [], [])


def test_a_run_that_is_stopped_before_its_rung_waits_there_when_it_goes_on(tmp_path: Path) -> None:
    whole = list(alone(request(LONG, tmp_path / "whole", stop_epoch=2)))
    for steps in (3, 4, 5):  # before, after the last step and at the end of the first epoch
        stopping = replace(request(LONG, tmp_path / str(steps), stop_epoch=2), should_stop=stop_after(steps))
        first = list(alone(stopping))
        assert end(first).outcome == "stopped"
        rest = list(alone(request(LONG, tmp_path / f"rest-{steps}", 2, last_path(first))))
        assert end(rest).outcome == "at_rung"
        assert_same_epochs(epochs(first) + epochs(rest), epochs(whole))
        assert Path(last_path(rest)).read_bytes() == Path(last_path(whole)).read_bytes()


def test_a_rung_at_the_end_of_training_or_after_the_end_of_patience_is_no_wait(tmp_path: Path) -> None:
    for spec, stop_epoch, last in ((LONG, 5, 5), (STILL, 3, 3), (STILL, 6, 3)):
        events = list(alone(request(spec, tmp_path / f"{last}-{stop_epoch}", stop_epoch)))
        assert (end(events).outcome, len(epochs(events))) == ("succeeded", last)
