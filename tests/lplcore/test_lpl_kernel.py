"""LPL's kernel where there is no GPU: under Triton's interpreter, and compiled for GPUs that are elsewhere."""

from pathlib import Path

import pytest
import torch

import lplcore
from lplcore.perturbations.lpl import kernel
from tests.lplcore.triton_processes import assert_passes_under_interpreter, needs_triton, run


@pytest.mark.slow
def test_lplcore_walks_without_triton_loaded() -> None:
    program = (
        "import sys, torch, lplcore; "
        "lplcore.criterion('lpl', class_counts=[9, 5, 1])(torch.randn(4, 3), torch.tensor([0, 1, 2, 0])); "
        "print('triton' in sys.modules)"
    )
    answer = run("-c", program)
    assert answer.stdout == "False\n", answer.stderr


def test_on_a_cpu_the_kernel_changes_nothing() -> None:
    criterion = lplcore.criterion("lpl", class_counts=[9, 5, 1])
    logits, labels = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 0, 0, 1])
    plain = criterion.perturbation(logits, labels)
    with kernel.enabled():
        assert not kernel.usable(logits)
        assert torch.equal(criterion.perturbation(logits, labels), plain)


@needs_triton
@pytest.mark.slow
@pytest.mark.campaign
def test_the_kernel_is_right_under_the_interpreter() -> None:
    assert_passes_under_interpreter("tests/lplcore/kernel_under_interpreter.py")


COMPILE = """
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile
from lplcore.perturbations.lpl import kernel, triton_walk

TABLES = {"labels": "*i64", "included": "*u8", "sign": "*fp32", "epsilon": "*fp64", "number": "*fp64"}
TABLES |= {"length": "*fp64", "order": "*i32", "n": "i32", "c": "i32", "most": "i32"}
for program in (triton_walk.walk_kernel, triton_walk.judge_kernel):
    for kind, classes, capability in (("fp32", 10, 80), ("fp32", 1000, 90), ("fp32", 8142, 90), ("fp64", 8142, 90)):
        shapes = kernel.shapes(classes)
        options = {name: shapes.pop(name) for name in ("num_warps", "num_stages")}
        constants = {"REACH": 8.0, "FAR": -1e30, "BY_NORM": True, "OBSERVES": True, **shapes}
        names = [parameter.name for parameter in program.params]
        constants = {name: value for name, value in constants.items() if name in names}
        signature = {n: "constexpr" if n in constants else TABLES.get(n, "*" + kind) for n in names}
        source = ASTSource(fn=program, signature=signature, constexprs=constants)
        compiled = compile(source, target=GPUTarget("cuda", capability, 32), options=options)
        assert compiled.asm["cubin"]
        assert "ld.global.nc" not in compiled.asm["ptx"], "scratch memory would be read as constant"
print("compiled")
"""


@needs_triton
@pytest.mark.slow
@pytest.mark.campaign
def test_the_kernels_compile_for_gpus(tmp_path: Path) -> None:
    answer = run("-c", COMPILE, TRITON_CACHE_DIR=str(tmp_path))
    assert answer.stdout == "compiled\n", answer.stderr[-4000:]
