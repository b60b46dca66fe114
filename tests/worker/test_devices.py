"""Devices and the environment that shows a trainer its own only."""

import subprocess
import sys

import pytest

from worker.devices import CPU, Device, probe


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
def test_the_probe_finds_a_device() -> None:
    assert probe()


@pytest.mark.slow
def test_a_worker_process_never_loads_torch() -> None:
    program = "import sys, worker.command, worker.celery_app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
