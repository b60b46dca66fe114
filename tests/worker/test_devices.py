"""Devices and the environment that shows a trainer its own only."""

import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from worker import devices
from worker.devices import CPU, Device, may_have_gpu, probe


@pytest.mark.parametrize(
    ("visible", "name", "expected"),
    [
        (None, "cuda:1", "1"),
        ("4,6", "cuda:1", "6"),
        ("GPU-a,GPU-b", "cuda:0", "GPU-a"),
        (None, "cpu", ""),
        ("0", "mps", ""),
    ],
)
def test_a_trainer_sees_its_own_device_only(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, name: str, expected: str
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert Device(name, "").environment() == {"CUDA_VISIBLE_DEVICES": expected}


def test_torch_calls_the_one_visible_card_cuda() -> None:
    assert [device.torch_name() for device in (Device("cuda:3", ""), CPU)] == ["cuda", "cpu"]


@pytest.mark.slow
def test_the_probe_finds_what_is_said_without_it() -> None:
    assert [each.name for each in probe()] == [each.name for each in devices.devices()]


def test_a_gpu_is_known_by_what_torch_says_of_it() -> None:
    class Properties:
        name, uuid, total_memory = "a card", UUID(int=5), 2**36

    class OfAnOldTorch:
        name, total_memory = "a card", 2**36

    known = Device(**devices.gpu(1, Properties))
    assert known == Device("cuda:1", "a card", "00000000-0000-0000-0000-000000000005", 2**36)
    assert Device(**devices.gpu(0, OfAnOldTorch)).uuid is None


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch is always asked")
@pytest.mark.parametrize("name", ["nvidia0", "nvidiactl", "nvhost-gpu", "dxg", "kfd", None])
def test_torch_is_asked_where_there_may_be_a_gpu(
    name: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(devices, "DEV", tmp_path)
    (tmp_path / "null").touch()
    if name is not None:
        (tmp_path / name).touch()
    assert may_have_gpu() == (name is not None)


@pytest.mark.slow
def test_a_worker_process_never_loads_torch() -> None:
    program = "import sys, worker.command, worker.celery_app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
