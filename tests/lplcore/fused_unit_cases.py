"""What the kernels of a convolution with normalisation are compared with: float64, from the same bf16 numbers."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from lplcore.models.fused.unit import Convolution, Normalisation

ROUNDING = 2**-8
"""The most by which rounding to bf16 moves a number, as a share of it."""


class Sizes(NamedTuple):
    """N images, channels in and out, height and width, stride."""

    images: int
    channels: int
    to_channels: int
    height: int
    width: int
    stride: int


def drawn(*shape: int, device: str, seed: int, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """Random images, channels_last."""
    values = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    return values.to(device, dtype).contiguous(memory_format=torch.channels_last)


def assert_rounded(result: Tensor, exact: Tensor, *, sums: float = 2e-6) -> None:
    """Whether a result in bf16 is a rounding of the exact one.

    A sum in float32 may be a share `sums` of the largest exact value beside it, and so round to the other side.
    """
    assert result.dtype == torch.bfloat16
    limit = sums * max(exact.detach().abs().max().item(), 1.0)
    torch.testing.assert_close(result.double(), exact, rtol=ROUNDING * (1 + 1e-3), atol=limit)


def assert_near(result: Tensor, exact: Tensor, share: float = 1e-5) -> None:
    """Whether a result in float32 differs by a share of the largest exact value at most."""
    assert result.dtype == torch.float32
    torch.testing.assert_close(result.double(), exact, rtol=0, atol=share * exact.detach().abs().max().item())


def relative(value: Tensor, exact: Tensor) -> float:
    """Length of the error as a share of the exact value's."""
    right = exact.detach().double()
    return float((value.detach().double() - right).norm() / right.norm().clamp(min=1e-12))


def check_convolution(
    sizes: Sizes, *, device: str, sums: float = 2e-6, lies: torch.memory_format = torch.channels_last
) -> None:
    """Result and both gradients of a convolution against float64; `sums` as in `assert_rounded`."""
    kind = torch.float32 if sizes.channels == 3 else torch.bfloat16
    x = drawn(sizes.images, sizes.channels, sizes.height, sizes.width, device=device, seed=1, dtype=kind)
    weight = drawn(sizes.to_channels, sizes.channels, 3, 3, device=device, seed=2, dtype=torch.float32)
    weight = weight.contiguous(memory_format=lies).requires_grad_()
    y, _ = Convolution.apply(x.requires_grad_(), weight, sizes.stride)  # type: ignore[no-untyped-call]
    assert y.is_contiguous(memory_format=torch.channels_last)
    above = drawn(*y.shape, device=device, seed=3)
    to_x, to_weight = torch.autograd.grad(y, (x, weight), above)
    exact_x, exact_weight = (value.detach().bfloat16().double().requires_grad_() for value in (x, weight))
    exact = functional.conv2d(exact_x, exact_weight, padding=1, stride=sizes.stride)
    to_exact_x, to_exact_weight = torch.autograd.grad(exact, (exact_x, exact_weight), above.double())
    assert_rounded(y, exact, sums=sums)
    assert to_x.dtype == x.dtype
    assert_rounded(to_x.bfloat16(), to_exact_x, sums=5 * sums)
    assert_near(to_weight, to_exact_weight, 5 * sums)
    assert to_weight.stride() == weight.stride()


def check_normalisation(sizes: Sizes, *, relu: bool, adds: bool, device: str, offset: float = 0.0) -> None:
    """Result, running statistics and gradients of a normalisation against float64, from the same y."""
    norm, exact_norm = layers(sizes.to_channels, device)
    x = drawn(sizes.images, sizes.channels, sizes.height, sizes.width, device=device, seed=1)
    weight = drawn(sizes.to_channels, sizes.channels, 3, 3, device=device, seed=2, dtype=torch.float32)
    y, partials = Convolution.apply(x + offset, weight, sizes.stride)  # type: ignore[no-untyped-call]
    y = y.detach().requires_grad_()
    shortcut = drawn(*y.shape, device=device, seed=4).requires_grad_() if adds else None
    arguments = (y, partials, norm.weight, norm.bias, shortcut, norm, relu)
    out = Normalisation.apply(*arguments)  # type: ignore[no-untyped-call]
    exact_y, exact_shortcut = (
        None if value is None else value.detach().double().requires_grad_() for value in (y, shortcut)
    )
    exact = exact_norm(exact_y)
    exact = exact if exact_shortcut is None else exact + exact_shortcut
    exact = functional.relu(exact) if relu else exact
    assert_rounded(out, exact, sums=1e-5)
    for name in ("running_mean", "running_var"):
        assert_near(getattr(norm, name), getattr(exact_norm, name))
    assert norm.num_batches_tracked == exact_norm.num_batches_tracked
    above = drawn(*y.shape, device=device, seed=3)
    results = gradients(out, (y, shortcut, norm.weight, norm.bias), above)
    exacts = gradients(exact, (exact_y, exact_shortcut, exact_norm.weight, exact_norm.bias), above.double())
    for result, expected in zip(results[:-2], exacts[:-2], strict=True):
        assert_rounded(result, expected, sums=2e-5)
    for result, expected in zip(results[-2:], exacts[-2:], strict=True):
        assert_near(result, expected, 2e-5)


def layers(channels: int, device: str) -> tuple[nn.BatchNorm2d, nn.BatchNorm2d]:
    """A normalisation with a scale, a shift and running statistics, and its double in float64."""
    norm, exact = nn.BatchNorm2d(channels, momentum=0.3), nn.BatchNorm2d(channels, momentum=0.3)
    generator = torch.Generator().manual_seed(5)
    for value in norm.state_dict().values():
        if value.is_floating_point():
            value.copy_(torch.rand(channels, generator=generator) + 0.5)
    exact.load_state_dict(norm.state_dict())
    return norm.to(device), exact.to(device).double()


def gradients(out: Tensor, inputs: tuple[Tensor | None, ...], above: Tensor) -> tuple[Tensor, ...]:
    """With respect to the inputs that there are."""
    return torch.autograd.grad(out, [value for value in inputs if value is not None], above)
