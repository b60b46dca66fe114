"""The kernels of every convolution of ResNet-32, compiled for a GPU that is elsewhere: `test_fused_unit` runs it.

What would be launched is compiled instead, from tensors without memory.
"""

import sys
from collections.abc import Callable
from typing import Any

import torch
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile

from lplcore.models.fused import launches, programs
from lplcore.models.fused.unit import Convolution, Normalisation

TYPES = {torch.float32: "*fp32", torch.bfloat16: "*bf16", torch.int64: "*i64"}
SHAPES = [(3, 16, 32, 1), (16, 16, 32, 1), (16, 32, 32, 2), (32, 32, 16, 1), (32, 64, 16, 2), (64, 64, 8, 1)]
"""Channels in and out, height, stride."""


class Compiler:
    """Stands in the place of the module of kernels."""

    def __init__(self, capability: int) -> None:
        self.target, self.compiled = GPUTarget("cuda", capability, 32), dict[str, Any]()

    def __getattr__(self, name: str) -> dict[Any, Callable[..., None]]:
        compiler = self

        class Grids(dict[Any, Callable[..., None]]):
            def __missing__(self, grid: tuple[int, ...]) -> Callable[..., None]:
                return lambda *arguments, **options: compiler.take(name, arguments, options)

        return Grids()

    def take(self, name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Compile one launch as Triton would, once."""
        program = getattr(programs, name)
        warps = {key: options.pop(key) for key in ("num_warps", "num_stages") if key in options}
        values = dict(zip([parameter.name for parameter in program.params], arguments, strict=False)) | options
        constants = {key: value for key, value in values.items() if key in options or constant(value)}
        signature = {key: "constexpr" if key in constants else kind_of(value) for key, value in values.items()}
        aligned = {
            (place,): [["tt.divisibility", 16]]
            for place, (key, value) in enumerate(values.items())
            if key not in constants and (isinstance(value, torch.Tensor) or (isinstance(value, int) and not value % 16))
        }
        label = f"{name} {signature} {constants} {warps}"
        if label not in self.compiled:
            source = ASTSource(fn=program, signature=signature, constexprs=constants, attrs=aligned)
            self.compiled[label] = compile(source, target=self.target, options=warps)


def constant(value: Any) -> bool:
    """Whether Triton makes it part of a kernel."""
    return value is None or (isinstance(value, int) and value == 1)


def kind_of(value: torch.Tensor | float) -> str:
    """How a signature names an argument's type."""
    if isinstance(value, torch.Tensor):
        return TYPES[value.dtype]
    return "i32" if isinstance(value, int) else "fp32"


def step(channels: int, to_channels: int, size: int, stride: int, *, relu: bool) -> None:
    """Forward and backward pass of one unit of a network."""
    kind = torch.float32 if channels == 3 else torch.bfloat16
    with torch.device("meta"):
        x = torch.empty(128, channels, size, size, dtype=kind).to(memory_format=torch.channels_last)
        weight = torch.empty(to_channels, channels, 3, 3).to(memory_format=torch.channels_last).requires_grad_()
        norm = torch.nn.BatchNorm2d(to_channels)
    y, partials = Convolution.apply(x.requires_grad_(channels > 3), weight, stride)  # type: ignore[no-untyped-call]
    shortcut = torch.empty_like(y).requires_grad_() if channels == to_channels else None
    arguments = (y, partials, norm.weight, norm.bias, shortcut, norm, relu)
    out = Normalisation.apply(*arguments)  # type: ignore[no-untyped-call]
    out.backward(torch.empty_like(out))


def main(capability: int) -> None:
    compiler = Compiler(capability)
    launches.KERNELS.__dict__["programs"] = compiler
    for shape in SHAPES:
        step(*shape, relu=True)
    step(*SHAPES[1], relu=False)
    assert all(compiled.asm["cubin"] for compiled in compiler.compiled.values())
    if "-v" in sys.argv:
        for label, compiled in compiler.compiled.items():
            ptx = compiled.asm["ptx"]
            counts = {
                word: ptx.count(word)
                for word in ("wgmma.mma_async", "mma.sync", "cp.async.cg", "cp.async.ca", "ld.global.v4", "ld.global")
            }
            print(label.replace("'", ""), compiled.metadata.shared, counts)
    print(f"compiled {len(compiler.compiled)}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
