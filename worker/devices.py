"""Which devices there are, found by a process of its own: a worker never loads torch, and CUDA never starts in it."""

import importlib
import json
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.cores import processors

PROBE_SECONDS = 120
GPU_FILES = ("nvidia*", "nvhost*", "nvmap", "dxg", "kfd")
"""What is in /dev where Linux has a GPU that torch may use: NVIDIA's, of Jetson, of WSL, AMD's."""
DEV = Path("/dev")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Device:
    """A device to train on. `name` is cpu, mps or cuda:N, `title` what the hardware calls itself.

    `uuid` and `memory_bytes` are a GPU's, where torch says them.
    """

    name: str
    title: str
    uuid: str | None = None
    memory_bytes: int | None = None

    def environment(self) -> dict[str, str]:
        """The environment of a process that may see this device only."""
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
        if not self.name.startswith("cuda:"):
            return {"CUDA_VISIBLE_DEVICES": ""}
        index = int(self.name.removeprefix("cuda:"))
        return {"CUDA_VISIBLE_DEVICES": visible[index] if visible != [""] else str(index)}

    def torch_name(self) -> str:
        """What torch calls the device in such a process."""
        return "cuda" if self.name.startswith("cuda:") else self.name


CPU = Device("cpu", "CPU")


def devices() -> list[Device]:
    """All CUDA devices, else the Apple device, else the CPU."""
    return probe() if may_have_gpu() else [Device("cpu", f"CPU, {processors()} processors")]


def may_have_gpu() -> bool:
    """Whether it is worth asking torch, which takes seconds to load."""
    return sys.platform != "linux" or any(any(DEV.glob(name)) for name in GPU_FILES)


def probe() -> list[Device]:
    """What torch finds: all CUDA devices, else the Apple device, else the CPU."""
    command = [sys.executable, "-P", "-m", "worker.devices"]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=PROBE_SECONDS, check=True, text=True)
        return [Device(**entry) for entry in json.loads(answer.stdout.splitlines()[-1])]
    except (subprocess.SubprocessError, OSError, ValueError, IndexError) as error:
        log.warning("the device probe failed (%s); training on the CPU", type(error).__name__)
        return [CPU]


def visible() -> list[dict[str, Any]]:
    """What torch sees in this process."""
    torch = importlib.import_module("torch")
    if torch.cuda.is_available():
        return [gpu(index, torch.cuda.get_device_properties(index)) for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        return [{"name": "mps", "title": "Apple GPU"}]
    return [{"name": "cpu", "title": f"CPU, {torch.get_num_threads()} threads"}]


def gpu(index: int, properties: Any) -> dict[str, Any]:
    """A GPU by what torch knows of it."""
    uuid = getattr(properties, "uuid", None)  # not in every build of torch
    return {
        "name": f"cuda:{index}",
        "title": properties.name,
        "uuid": None if uuid is None else str(uuid),
        "memory_bytes": properties.total_memory,
    }


if __name__ == "__main__":
    print(json.dumps(visible()))
