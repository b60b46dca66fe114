"""Checkpoints of version 0.1.0 go on: with the figures of that version, or the run says that they are not."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from lplcore.events import LogLine, RunStart
from tests.lplcore_training.runs import end, epochs, run
from tests.upgrade.make_fixture import CASES
from tests.upgrade.version_0_1_0 import noted, read_json, unpack


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The checkpoints; one thread, as those who wrote them had."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield unpack("checkpoints", tmp_path_factory.mktemp("version-0.1.0"))
    torch.set_num_threads(before)


@pytest.mark.parametrize("spec", ["written", "stored"])
@pytest.mark.parametrize("name", CASES)
def test_a_checkpoint_goes_on_to_the_end(name: str, spec: str, folder: Path, tmp_path: Path) -> None:
    case = read_json(folder / "cases.json")[name]
    events = run(case[spec], tmp_path, resume_from=folder / case["file"])
    start = events[0]
    assert isinstance(start, RunStart), end(events)
    assert (start.start_epoch, end(events).outcome) == (1, "succeeded")
    assert [event.epoch for event in epochs(events)] == [2, 3]
    messages = [*start.notes, *(event.message for event in events if isinstance(event, LogLine))]
    for event, before in zip(epochs(events), case["metrics"][1:], strict=True):
        assert before.keys() <= event.metrics.keys()
        assert all(value is None or math.isfinite(value) for value in event.metrics.values())
        assert noted(messages) or differing(event.metrics, before) == {}


def differing(now: dict[str, Any], before: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """(now, before) of figures that are not the same but for another machine's rounding; measured times aside."""
    pairs = {name: (now[name], value) for name, value in before.items() if name != "train/examples_per_second"}
    return {name: pair for name, pair in pairs.items() if pair[0] != pytest.approx(pair[1], rel=1e-3, abs=0.02)}
