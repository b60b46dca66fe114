"""Kernels of convolution and normalisation where there is no GPU: under the interpreter, and compiled for GPUs."""

from pathlib import Path

import pytest
import torch
from torch import nn

from lplcore.models.fused.launches import enabled
from lplcore.models.fused.unit import unit, usable
from tests.lplcore.triton_processes import assert_passes_under_interpreter, needs_triton, run


def test_networks_train_without_triton_loaded() -> None:
    program = (
        "import sys, torch, lplcore.catalog; "
        "from lplcore.plugin import get; "
        "model = get('model', 'resnet32')(name='resnet32').build(input_shape=(3, 8, 8), num_classes=3); "
        "context = torch.autocast('cpu', torch.bfloat16); context.__enter__(); "
        "model(torch.randn(2, 3, 8, 8)).logits.sum().backward(); "
        "print('triton' in sys.modules)"
    )
    answer = run("-c", program)
    assert answer.stdout == "False\n", answer.stderr


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("adds", [True, False])
def test_on_a_cpu_the_layers_are_used(relu: bool, adds: bool) -> None:
    x, convolution, norm = torch.randn(2, 16, 4, 4), nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
    shortcut = torch.randn(2, 16, 4, 4) if adds else None
    with torch.autocast("cpu", torch.bfloat16), enabled():
        expected = norm(convolution(x)) + (0 if shortcut is None else shortcut)
        assert not usable(x, convolution, norm)
        result = unit(x, convolution, norm, shortcut=shortcut, relu=relu)
    assert torch.equal(result, expected.relu() if relu else expected)


@needs_triton
@pytest.mark.slow
@pytest.mark.campaign
def test_the_kernels_are_right_under_the_interpreter() -> None:
    assert_passes_under_interpreter("tests/lplcore/unit_under_interpreter.py")


@needs_triton
@pytest.mark.slow
@pytest.mark.campaign
@pytest.mark.parametrize("capability", ["80", "90"])
def test_the_kernels_compile_for_gpus(tmp_path: Path, capability: str) -> None:
    answer = run("-m", "tests.lplcore.convolution_compiled", capability, TRITON_CACHE_DIR=str(tmp_path))
    assert answer.stdout.startswith("compiled "), answer.stderr[-4000:]
