"""Python in processes of its own, as Triton's interpreter must be chosen before Triton is imported."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
needs_triton = pytest.mark.skipif(
    find_spec("triton") is None, reason="needs Triton: pip install 'lpl-service[triton]'; make test-all installs it"
)


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Python with arguments, in the repository, without a GPU."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", **environment},
    )


def assert_passes_under_interpreter(file: str) -> None:
    """Whether all tests of a file pass with kernels on the CPU."""
    options = ("-q", "-x", "-p", "no:cacheprovider")
    answer = run("-m", "pytest", file, *options, TRITON_INTERPRET="1")
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr[-2000:]
    assert " passed" in answer.stdout
