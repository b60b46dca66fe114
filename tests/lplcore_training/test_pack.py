"""Runs that share a process: none sees the others, in bits or in what becomes of it."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from lplcore.events import Event, RunEnd
from lplcore.plugin import plugins
from lplcore.spec.experiment import parse_spec
from lplcore.training.checkpoint import load_metadata
from lplcore.training.pack import DeviceLost, train_together
from lplcore.training.trainer import Request
from tests.grids import every
from tests.lplcore_training.runs import DIGITS, IMAGES, Spec, assert_same_epochs, checkpoints, end, epochs, run
from tests.lplcore_training.test_methods_train import small

ALIASES = [name for name, record in plugins("method").items() if "single_label" in record.tasks]


def request(spec: Spec, folder: Path, *, device: str = "cpu", **options: Any) -> Request:
    return Request(parse_spec(spec), device, checkpoint_dir=folder, **options)


def packed(requests: Sequence[Request]) -> list[list[Event]]:
    """The events of each."""
    events: list[list[Event]] = [[] for _ in requests]
    for place, event in train_together(requests):
        events[place].append(event)
    return events


def assert_alike(events: list[Event], alone: list[Event]) -> None:
    """Both trained to the same bits, and said the same but for their progress."""
    assert_same_epochs(epochs(events), epochs(alone))
    for one, other in zip(checkpoints(events), checkpoints(alone), strict=True):
        assert Path(one.path).read_bytes() == Path(other.path).read_bytes()
    assert end(events) == end(alone)


def assert_as_alone(specs: Sequence[Spec], folder: Path, *, device: str = "cpu") -> None:
    """In one process all train as each does by itself."""
    requests = [request(spec, folder / f"packed-{number}", device=device) for number, spec in enumerate(specs)]
    for number, (spec, events) in enumerate(zip(specs, packed(requests), strict=True)):
        assert_alike(events, run(spec, folder / f"alone-{number}", device=device))


def test_five_seeds_train_as_each_does_alone(tmp_path: Path) -> None:
    assert_as_alone([DIGITS | {"seeds": [seed]} for seed in range(5)], tmp_path)


def test_runs_that_differ_in_numbers_and_end_at_different_times_train_as_alone(tmp_path: Path) -> None:
    numbers: list[Spec] = [{"epochs": 1}, {"epochs": 3, "batch_size": 100}, {"optimizer": {"name": "sgd", "lr": 0.01}}]
    assert_as_alone([DIGITS | changes for changes in numbers], tmp_path)


@pytest.mark.slow
def test_networks_with_batch_normalisation_and_augmentation_train_as_alone(tmp_path: Path) -> None:
    assert_as_alone([IMAGES | {"epochs": 1, "seeds": [seed]} for seed in range(2)], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("part", every(4, range(4)))
def test_every_method_trains_as_alone_beside_others(part: int, tmp_path: Path) -> None:
    assert_as_alone([small(name) for name in ALIASES[part::4]], tmp_path)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("spec", [DIGITS, IMAGES], ids=["mlp", "resnet32"])
def test_five_seeds_train_on_a_gpu_as_each_does_alone(spec: Spec, tmp_path: Path) -> None:
    assert_as_alone([spec | {"seeds": [seed]} for seed in range(5)], tmp_path, device="cuda")


def test_steps_are_done_in_turns(tmp_path: Path) -> None:
    done: list[int] = []

    def note(number: int) -> bool:
        done.append(number)
        return False

    packed([request(DIGITS | {"epochs": 1}, tmp_path, should_stop=partial(note, number)) for number in range(3)])
    assert done[:12] == [0, 1, 2] * 4


def test_one_that_stops_goes_on_later_as_if_nothing_had_been(tmp_path: Path) -> None:
    asked = iter(range(1000))
    specs = [DIGITS | {"seeds": [seed]} for seed in range(3)]
    requests = [request(spec, tmp_path / str(number)) for number, spec in enumerate(specs)]
    requests[1] = request(specs[1], tmp_path / "1", should_stop=lambda: next(asked) >= 6)
    first, stopped, third = packed(requests)
    assert_alike(first, run(specs[0], tmp_path / "alone-0"))
    assert_alike(third, run(specs[2], tmp_path / "alone-2"))
    assert end(stopped).outcome == "stopped"
    last, whole = checkpoints(stopped)[-1].path, run(specs[1], tmp_path / "whole")
    beside = request(specs[2], tmp_path / "beside")
    rest, _ = packed([request(specs[1], tmp_path / "rest", resume_from=last), beside])
    assert_same_epochs(epochs(stopped) + epochs(rest), epochs(whole))
    assert Path(checkpoints(rest)[-1].path).read_bytes() == Path(checkpoints(whole)[-1].path).read_bytes()


def raising(error: Exception, *, after: int) -> Callable[[], bool]:
    """A `should_stop` in whose place something fails."""
    asked = iter(range(1000))

    def ask() -> bool:
        if next(asked) >= after:
            raise error
        return False

    return ask


def test_failures_of_some_leave_the_others_alone(tmp_path: Path) -> None:
    diverging = DIGITS | {"optimizer": {"name": "sgd", "lr": 1e6}}
    absent = DIGITS | {"dataset": {"name": "cifar10"}}
    events = packed(
        [
            request(DIGITS, tmp_path / "0"),
            request(diverging, tmp_path / "1"),
            request(absent, tmp_path / "2", data_dir=tmp_path),
            request(DIGITS, tmp_path / "3", should_stop=raising(torch.OutOfMemoryError("CUDA out of memory"), after=3)),
            request(DIGITS, tmp_path / "4", should_stop=raising(ZeroDivisionError("no"), after=5)),
            request(DIGITS | {"seeds": [1]}, tmp_path / "5"),
        ]
    )
    reasons = [end(each).reason for each in events]
    assert reasons == [None, "diverged", "bad_data", "out_of_memory", "error", None]
    assert_alike(events[0], run(DIGITS, tmp_path / "alone"))
    assert_alike(events[5], run(DIGITS | {"seeds": [1]}, tmp_path / "alone-5"))


@pytest.mark.parametrize("kind", [torch.AcceleratorError, RuntimeError])
def test_a_device_that_is_lost_ends_all_at_once(kind: type[RuntimeError], tmp_path: Path) -> None:
    lost = raising(kind("CUDA error: an illegal memory access was encountered"), after=2)
    requests = [request(DIGITS, tmp_path), request(DIGITS, tmp_path, should_stop=lost)]
    events = train_together(requests)
    with pytest.raises(DeviceLost, match="illegal memory access"):
        list(events)
    (alone,) = packed(requests[1:])
    assert end(alone) == RunEnd("failed", "error", "CUDA error: an illegal memory access was encountered")


def test_each_computes_with_its_own_number_of_threads(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    requests = [request(DIGITS, tmp_path / str(threads), threads=threads) for threads in (1, 2)]
    for threads, events in enumerate(packed(requests), start=1):
        assert load_metadata(checkpoints(events)[-1].path)["conditions"]["threads"] == threads
        assert end(events).outcome == "succeeded"
    assert torch.get_num_threads() == before


def test_the_callers_generator_and_settings_are_left_alone(tmp_path: Path) -> None:
    before, mode = torch.get_rng_state(), torch.get_deterministic_debug_mode()
    for _ in train_together([request(DIGITS, tmp_path / str(number)) for number in range(2)]):
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.get_deterministic_debug_mode() == mode
