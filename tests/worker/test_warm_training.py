"""Real training in forks of the real host: the bits do not depend on how a run is started, or on what is beside it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import lplcore
from lplcore.training.checkpoint import load_metadata
from tests.grids import every
from tests.service.processes import SPEC as DIGITS
from tests.service.processes import title
from worker import warm
from worker.trainers import Trainers
from worker.warm import Host

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not warm.supported(), reason="trainers are forked on Linux")]
SPEC: dict[str, Any] = DIGITS | {"epochs": 3}
CONVOLUTIONS = SPEC | {"model": "resnet32", "epochs": 1, "batch_size": 256, "method": "ldam_drw"}
SPECS = {"mlp": SPEC, "resnet32": CONVOLUTIONS}
MEASURED = "train/examples_per_second"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """The host that workers have."""
    started = Host()
    yield started
    started.stop()


def payload(spec: dict[str, Any], folder: Path, *, resume_from: Path | None = None) -> dict[str, Any]:
    """What a trainer is told."""
    folder.mkdir(exist_ok=True)
    return {
        "run_id": "r_1",
        "spec": lplcore.parse_spec(spec).model_dump(mode="json"),
        "seed": 0,
        "data_dir": str(folder),
        "datasets": [],
        "resume_from": None if resume_from is None else str(resume_from),
        "checkpoint_dir": str(folder),
        "device": "cpu",
        "cores": 1,
    }


def told(trainers: Trainers, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a trainer."""
    trainer = trainers.start("r_1", wanted, environment={"CUDA_VISIBLE_DEVICES": ""})
    events = list(iter(trainer.next_event, None))
    assert trainer.wait() == 0
    return events


def result(events: list[dict[str, Any]], folder: Path) -> Any:
    """All that must not depend on how a run is started: metrics, arrays, and the last checkpoint's bytes."""
    assert (events[-1]["type"], events[-1]["outcome"]) == ("run_end", "succeeded"), events[-1]
    epochs = [event for event in events if event["type"] == "epoch"]
    for epoch in epochs:
        epoch["metrics"].pop(MEASURED)
    return epochs, last_checkpoint(folder).read_bytes()


def last_checkpoint(folder: Path) -> Path:
    """The file that holds the end."""
    return max(folder.glob("*-last.safetensors"))


IN_PROCESS = """
import json, sys
import torch
import lplcore

torch.set_num_threads(1)
for spec, folder in json.loads(sys.argv[1]):
    events = lplcore.train(spec, data_dir=folder, checkpoint_dir=folder, device="cpu")
    print(json.dumps([event.to_json() for event in events]))
"""


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of `lplcore.train` in a Python that does nothing else, with one thread."""
    folders = [tmp_path_factory.mktemp(name) for name in SPECS]
    runs = [(spec, str(folder)) for spec, folder in zip(SPECS.values(), folders, strict=True)]
    command = [sys.executable, "-c", IN_PROCESS, json.dumps(runs)]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return {name: result(json.loads(line), folder) for name, line, folder in zip(SPECS, lines, folders, strict=True)}


@pytest.mark.parametrize("name", every(2, SPECS))
def test_bits_do_not_depend_on_how_a_run_is_started(
    name: str, host: Host, expected: dict[str, Any], tmp_path: Path
) -> None:
    warm_folder, cold_folder = tmp_path / "warm", tmp_path / "cold"
    assert result(told(Trainers(host=host), payload(SPECS[name], warm_folder)), warm_folder) == expected[name]
    assert result(told(Trainers(), payload(SPECS[name], cold_folder)), cold_folder) == expected[name]


def test_bits_do_not_depend_on_what_trains_beside(host: Host, tmp_path: Path) -> None:
    trainers, folders = Trainers(host=host), [tmp_path / str(number) for number in range(4)]
    alone = result(told(trainers, payload(SPEC, tmp_path / "alone")), tmp_path / "alone")
    with ThreadPoolExecutor(4) as pool:
        events = list(pool.map(lambda folder: told(trainers, payload(SPEC, folder)), folders))
    assert [result(*pair) for pair in zip(events, folders, strict=True)] == [alone] * 4


def test_a_run_that_goes_on_keeps_its_number_of_threads(host: Host, tmp_path: Path) -> None:
    told(Trainers(host=host), payload(CONVOLUTIONS, tmp_path) | {"cores": 2})
    first = last_checkpoint(tmp_path)
    assert load_metadata(first)["conditions"]["threads"] == 2
    longer = payload(CONVOLUTIONS, tmp_path / "next", resume_from=first)
    told(Trainers(host=host), longer)
    assert load_metadata(last_checkpoint(tmp_path / "next"))["conditions"]["threads"] == 2


def test_the_host_has_one_thread_and_says_what_it_is(host: Host) -> None:
    host.load()
    (pid,) = host.pids
    assert len(os.listdir(f"/proc/{pid}/task")) == 1
    assert title(pid).endswith("lpl trainer host")


def test_a_spec_that_is_wrong_ends_a_warm_run_with_its_reason(host: Host, tmp_path: Path) -> None:
    wrong = payload(SPEC, tmp_path)
    wrong["spec"]["batch_size"] = -1
    (end,) = told(Trainers(host=host), wrong)
    assert (end["reason"], "batch_size" in end["message"]) == ("bad_spec", True)
