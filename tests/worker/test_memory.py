"""The memory of devices: the machine's, and that of a GPU as its driver's library tells it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from store.database.records import Memory
from worker.devices import CPU, Device
from worker.memory import free_of_gpu, machine_memory, memory

LIBRARY = """
#include <string.h>
typedef struct { unsigned long long total, free, used; } memory;
static int began = 0, whole = 1, part = 2;
int nvmlInit_v2(void) { began = 1; return 0; }
int nvmlDeviceGetHandleByUUID(const char *uuid, void **device) {
    if (!strcmp(uuid, "GPU-01-23")) { *device = &whole; return !began; }
    if (!strcmp(uuid, "MIG-45-67")) { *device = &part; return !began; }
    if (!strcmp(uuid, "GPU-lost")) { *device = 0; return !began; }
    return 6;
}
int nvmlDeviceGetMemoryInfo(void *device, memory *answer) {
    if (!device) return 15;
    answer->total = 1ULL << 40; answer->free = (5ULL << 32) * *(int *)device; answer->used = 7;
    return 0;
}
"""
CC = shutil.which("cc")


def test_the_machine_says_how_much_memory_is_free() -> None:
    said = memory(CPU)
    assert said.total_bytes is not None
    assert said.total_bytes > (said.free_bytes or 0) > 0
    assert memory(Device("mps", "Apple GPU")).total_bytes == said.total_bytes


@pytest.mark.parametrize("content", [None, "", "MemTotal: 5 kB\n", "MemTotal: x kB\nMemAvailable: 3 kB\n"])
def test_without_an_answer_of_linux_the_total_is_known(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "meminfo"
    if content is not None:
        path.write_text(content)
    assert machine_memory(path) == Memory(machine_memory().total_bytes, None)


def test_available_memory_counts_as_free(tmp_path: Path) -> None:
    path = tmp_path / "meminfo"
    path.write_text(
        "MemTotal:       24684092 kB\nMemFree: 1 kB\nMemAvailable:   20000000 kB\nHugePages_Total:       0\n"
    )
    assert machine_memory(path) == Memory(24684092 * 1024, 20000000 * 1024)


@pytest.mark.skipif(CC is None, reason="there is no C compiler")
def test_a_gpu_or_a_part_of_one_is_found_by_its_identifier(tmp_path: Path) -> None:
    source, library = tmp_path / "nvml.c", tmp_path / "libnvml.so"
    source.write_text(LIBRARY)
    subprocess.run([str(CC), "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    assert free_of_gpu("01-23", str(library)) == 5 << 32
    assert free_of_gpu("45-67", str(library)) == 10 << 32
    assert free_of_gpu("lost", str(library)) is None
    assert free_of_gpu("of another machine", str(library)) is None


def test_without_a_driver_the_free_memory_of_a_gpu_is_not_known() -> None:
    assert free_of_gpu("01-23", "libnone-such.so.1") is None
    assert memory(Device("cuda:0", "a card", memory_bytes=2**36)) == Memory(2**36, None)
    assert memory(Device("cuda:0", "a card")) == Memory()
