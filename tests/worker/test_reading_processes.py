"""Processes that read images for a trainer: beside its threads, and gone when it is."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import lplcore
from tests.lplcore_training.photographs import written
from tests.worker.test_warm_training import last_checkpoint, told
from worker import warm
from worker.trainers import Trainers
from worker.warm import Host

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not warm.supported(), reason="trainers are forked on Linux")]
SPEC: dict[str, Any] = {
    "dataset": {"name": "photographs", "image_size": 16, "cache": {"size": 32}},
    "model": "resnet32",
    "method": "lpl",
    "augmentation": ["random_resized_crop", "horizontal_flip"],
    "epochs": 2,
    "batch_size": 16,
}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """The host that workers have."""
    started = Host()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, lplcore.RegisteredDataset]:
    """40 training and 8 test images."""
    return written(tmp_path_factory.mktemp("photographs"), train=40, test=8)


def payload(photographs: dict[str, lplcore.RegisteredDataset], folder: Path, *, workers: int, **changed: Any) -> Any:
    """What a trainer is told."""
    folder.mkdir()
    spec = lplcore.parse_spec(SPEC | changed, datasets=photographs)
    return {
        "run_id": "r_1",
        "spec": spec.model_dump(mode="json"),
        "seed": 0,
        "data_dir": str(folder),
        "datasets": [asdict(entry) for entry in photographs.values()],
        "resume_from": None,
        "checkpoint_dir": str(folder),
        "device": "cpu",
        "cores": 2,
        "pipeline": {
            "workers": workers,
            "memory_bytes": 0,
            "cache_dir": str(folder / "cache"),
            "cache_bytes": 2**30,
        },
    }


def test_bits_do_not_depend_on_the_number_of_processes(
    host: Host, photographs: dict[str, lplcore.RegisteredDataset], tmp_path: Path
) -> None:
    contents = []
    for workers, trainers in ((0, Trainers(host=host)), (3, Trainers(host=host))):
        folder = tmp_path / str(workers)
        events = told(trainers, payload(photographs, folder, workers=workers))
        assert events[-1]["outcome"] == "succeeded", events[-1]
        contents.append(last_checkpoint(folder).read_bytes())
    assert contents[1] == contents[0]


def test_they_end_with_a_trainer_that_is_killed(
    host: Host, photographs: dict[str, lplcore.RegisteredDataset], tmp_path: Path
) -> None:
    wanted = payload(photographs, tmp_path / "long", workers=2, epochs=1000)
    trainer = Trainers(host=host).start("r_1", wanted, environment={"CUDA_VISIBLE_DEVICES": ""})
    while (event := trainer.next_event()) is not None and event["type"] != "epoch":
        pass
    pid = trainer.pid
    deadline = time.monotonic() + 60
    while len(readers := children(pid)) < 2:
        assert time.monotonic() < deadline
    os.kill(pid, signal.SIGKILL)
    while any(Path(f"/proc/{reader}").exists() for reader in readers):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    trainer.wait()


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
