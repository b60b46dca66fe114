"""A 3x3 convolution, normalisation over the batch, a shortcut and ReLU for training, by Triton where that is possible.

cuDNN's convolutions are made for more channels than CIFAR's networks have. The kernels take any channels in, 16, 32 or
64 out. Like autocast they round weights, products and results to bf16; statistics and sums are of float32.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

from lplcore.frame.vmap_levels import untraced
from lplcore.models.fused import launches

LARGEST = 2**31
"""Entries of a tensor, which the kernels count in 32 bits."""


def unit(
    x: Tensor, convolution: nn.Conv2d, norm: nn.BatchNorm2d, *, shortcut: Tensor | None = None, relu: bool = True
) -> Tensor:
    """relu(norm(convolution(x)) + shortcut); shortcut and ReLU may be absent."""
    if usable(x, convolution, norm):
        stride = int(convolution.stride[0])
        if not norm.training:
            return predicted(x, convolution.weight, norm, stride=stride, shortcut=shortcut, relu=relu)
        y, partials = Convolution.apply(x, convolution.weight, stride)  # type: ignore[no-untyped-call]
        arguments = (y, partials, norm.weight, norm.bias, shortcut, norm, relu)
        fused: Tensor = Normalisation.apply(*arguments)  # type: ignore[no-untyped-call]
        return fused
    out: Tensor = norm(convolution(x))
    if shortcut is not None:
        out = out + shortcut
    return functional.relu(out, inplace=True) if relu else out


def usable(x: Tensor, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> bool:
    """Whether the kernels can take x through the layers, and are enabled. Compiles one at the first call.

    Never for what a tracer of torch.fx passes in the place of a tensor.
    """
    if not isinstance(x, Tensor):
        return False
    differentiated = torch.is_grad_enabled()
    if not (launches.KERNELS.in_use and untraced() and suits(convolution, norm)) or norm.training != differentiated:
        return False
    device = x.device.type
    if not torch.is_autocast_enabled(device) or torch.get_autocast_dtype(device) != torch.bfloat16:
        return False
    pixels = x.shape[0] * x.shape[2] * x.shape[3]
    few = pixels * max(convolution.in_channels, convolution.out_channels) < LARGEST
    return few and pixels > convolution.stride[0] ** 2 and launches.KERNELS.run_on(x.device)


def suits(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> bool:
    """Whether the layers are what the kernels do."""
    geometry = (convolution.kernel_size, convolution.padding, convolution.dilation, convolution.groups)
    return (
        geometry == ((3, 3), (1, 1), (1, 1), 1)
        and convolution.stride in ((1, 1), (2, 2))
        and convolution.padding_mode == "zeros"
        and convolution.bias is None
        and convolution.out_channels in launches.CONVOLUTION
        and convolution.weight.dtype == torch.float32
        and norm.affine
        and norm.running_mean is not None
        and norm.momentum is not None
    )


def predicted(
    x: Tensor, weight: Tensor, norm: nn.BatchNorm2d, *, stride: int, shortcut: Tensor | None, relu: bool
) -> Tensor:
    """As `unit`, by the running statistics."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    y, _ = launches.convolve(channels_last(x), weight, stride, partial=False)
    moments = torch.stack([norm.running_mean, (norm.running_var + norm.eps).rsqrt()])
    summand = None if shortcut is None else channels_last(shortcut)
    return launches.normalise(y, moments, (norm.weight, norm.bias), summand, relu=relu)


class Convolution(Function):
    """y in bf16, and partial statistics of its channels, [tiles, 2, channels]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int) -> tuple[Tensor, Tensor]:
        x = channels_last(x)
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        y, partials = launches.convolve(x, weight, stride)
        assert partials is not None
        ctx.mark_non_differentiable(partials)
        ctx.set_materialize_grads(False)
        return y, partials

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, _: None) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        gradient = channels_last(gradient)
        to_x = launches.input_gradient(gradient, weight, x, ctx.stride) if ctx.needs_input_grad[0] else None
        to_weight = launches.weight_gradient(gradient, weight, x, ctx.stride) if ctx.needs_input_grad[1] else None
        return to_x, to_weight, None


class Saved(NamedTuple):
    """What a normalisation's backward pass takes from the forward one."""

    y: Tensor
    out: Tensor
    statistics: Tensor
    scale: Tensor


class Normalisation(Function):
    """relu(norm(y) + shortcut); the running statistics and their count take the batch in."""

    @staticmethod
    def forward(
        ctx: Any,
        y: Tensor,
        partials: Tensor,
        scale: Tensor,
        shift: Tensor,
        shortcut: Tensor | None,
        norm: nn.BatchNorm2d,
        relu: bool,
    ) -> Tensor:
        statistics = launches.statistics(y, partials, norm)
        summand = None if shortcut is None else channels_last(shortcut)
        out = launches.normalise(y, statistics, (scale, shift), summand, relu=relu)
        ctx.save_for_backward(*Saved(y, out, statistics, scale))
        ctx.relu, ctx.shortcut = relu, None if shortcut is None else shortcut.dtype
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        saved = Saved(*ctx.saved_tensors)
        dtype = ctx.shortcut if ctx.needs_input_grad[4] else None
        to_y, to_shortcut, sums = launches.normalise_backward(channels_last(gradient), saved, dtype, relu=ctx.relu)
        return to_y, None, sums[1], sums[0], to_shortcut, None, None


def channels_last(images: Tensor) -> Tensor:
    """Images whose channels lie side by side."""
    return images.contiguous(memory_format=torch.channels_last)
