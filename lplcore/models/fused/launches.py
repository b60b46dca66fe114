"""Launches of the kernels: the tensors that they fill, and the shapes of their tiles.

Images [N, C, H, W] are channels_last. Nothing here waits for the device, so that all of it can be captured.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lplcore.frame.triton_kernels import Kernels

BY_DEFAULT = True
"""Whether the kernels are used where they can be: they have run on an H200 against the layers in float64."""


class Tile(NamedTuple):
    """What a program of the convolution computes at a time; its warps, and how many loads are under way."""

    pixels: int
    channels: int
    depth: int
    """Of the 9 C entries that are multiplied."""
    warps: int
    stages: int


class Chunk(NamedTuple):
    """What a program of the weights' gradient sums over, and how many pixels at a time; rows of its result."""

    length: int
    pixels: int
    depth: int
    warps: int
    stages: int


CONVOLUTION = {16: Tile(256, 16, 16, 4, 3), 32: Tile(128, 32, 32, 4, 3), 64: Tile(128, 32, 64, 8, 3)}
"""By channels of the result: 512, 256 and 128 programs for ResNet-32's 128 images; the fastest of 150 on an H200."""
WEIGHTS = {16: Chunk(1024, 64, 64, 4, 3), 32: Chunk(256, 64, 64, 4, 3), 64: Chunk(1024, 64, 64, 4, 3)}
"""By channels of the result: for 16 to 64 channels 384, 640 and 72 programs."""
APPLIED, SUMMED = 2048, 4096
"""Entries of a tile of the normalisation, and of what it sums over."""
SUMS = (256, 4096)
"""Rows of a tile of partial sums at most, and its entries."""
TILES = 1024
"""Partial statistics of a channel that a program takes in at a time."""


def attempt(device: torch.device) -> None:
    """A launch that shows whether kernels run on a device."""
    convolve(torch.ones(1, 16, 4, 4, device=device), torch.ones(16, 16, 3, 3, device=device), 1)


KERNELS = Kernels(
    "lplcore.models.fused.programs",
    attempt,
    by_default=BY_DEFAULT,
    otherwise="Networks train without kernels of their own",
)
enabled = KERNELS.enabled


def launch(kernel: str, grid: tuple[int, ...], *arguments: Tensor | float | None, **options: float) -> None:
    """Run a kernel on the device of its first argument."""
    with torch.cuda.device_of(arguments[0]):  # type: ignore[no-untyped-call]
        getattr(KERNELS.programs, kernel)[grid](*arguments, **options)


def convolve(x: Tensor, weight: Tensor, stride: int, *, partial: bool = True) -> tuple[Tensor, Tensor | None]:
    """y in bf16, and partial statistics of its channels where they are wanted."""
    height, width = ((size - 1) // stride + 1 for size in x.shape[2:])
    y = images(x, (x.shape[0], weight.shape[0], height, width), torch.bfloat16)
    tiles = -(-pixels_of(y) // CONVOLUTION[weight.shape[0]].pixels)
    partials = x.new_empty((tiles, 2, weight.shape[0]), dtype=torch.float32) if partial else None
    w_out, w_in, w_row, w_column = weight.stride()
    launch_convolution(x, weight, y, partials, (0, w_row, w_column, w_in, w_out), (stride, 1))
    return y, partials


def input_gradient(gradient: Tensor, weight: Tensor, x: Tensor, stride: int) -> Tensor:
    """The gradient of x: a convolution with the weights turned about, zeros between the pixels at stride 2."""
    to_x = images(x, tuple(x.shape), x.dtype)
    w_out, w_in, w_row, w_column = weight.stride()
    places = (2 * w_row + 2 * w_column, -w_row, -w_column, w_out, w_in)
    launch_convolution(gradient, weight, to_x, None, places, (1, stride))
    return to_x


def launch_convolution(
    x: Tensor, weight: Tensor, y: Tensor, partials: Tensor | None, places: tuple[int, ...], geometry: tuple[int, int]
) -> None:
    """Fill y, whose channels may be fewer than those of a tile."""
    channels, pixels = y.shape[1], pixels_of(y)
    tile = CONVOLUTION[min(max(power_of_two(channels), 16), 64)]
    grid = (-(-pixels // tile.pixels), -(-channels // tile.channels))
    stride, spread = geometry
    launch(
        "convolution_kernel",
        grid,
        x,
        weight,
        y,
        partials,
        pixels,
        *places,
        **shapes(x, y),
        STRIDE=stride,
        SPREAD=spread,
        PIXELS=tile.pixels,
        CHANNELS=tile.channels,
        DEPTH=min(tile.depth, power_of_two(9 * x.shape[1])),
        num_warps=tile.warps,
        num_stages=tile.stages,
    )


def weight_gradient(gradient: Tensor, weight: Tensor, x: Tensor, stride: int) -> Tensor:
    """The gradient of the weights, which lies as they do."""
    chunk, pixels, depth = WEIGHTS[weight.shape[0]], pixels_of(gradient), 9 * x.shape[1]
    chunks, rows = -(-pixels // chunk.length), min(chunk.depth, power_of_two(depth))
    partials = x.new_empty((chunks, weight.numel()), dtype=torch.float32)
    to_weight = torch.empty_like(weight)
    w_out, w_in, w_row, w_column = to_weight.stride()
    launch(
        "weight_gradient_kernel",
        (chunks, -(-depth // rows)),
        x,
        gradient,
        partials,
        pixels,
        *(w_row, w_column, w_in, w_out),
        **shapes(x, gradient),
        STRIDE=stride,
        CHUNK=chunk.length,
        PIXELS=chunk.pixels,
        DEPTH=rows,
        num_warps=chunk.warps,
        num_stages=chunk.stages,
    )
    return column_sums(partials, to_weight)


def column_sums(partials: Tensor, sums: Tensor) -> Tensor:
    """Fill `sums`, as it lies in memory, with those over the first dimension."""
    most, tile = SUMS
    rows = min(most, power_of_two(partials.shape[0]))
    columns = tile // rows
    launch(
        "column_sums_kernel",
        (-(-sums.numel() // columns),),
        partials,
        sums,
        partials.shape[0],
        sums.numel(),
        ROWS=rows,
        COLUMNS=columns,
    )
    return sums


def statistics(y: Tensor, partials: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """[2, C] mean and inverse standard deviation, which the running statistics take in."""
    channels = y.shape[1]
    moments = torch.empty_like(partials[0])
    launch(
        "statistics_kernel",
        (channels // 8,),
        partials,
        moments,
        norm.running_mean,
        norm.running_var,
        norm.num_batches_tracked,
        pixels_of(y),
        partials.shape[0],
        norm.momentum,
        norm.eps,
        C=channels,
        PIXELS=CONVOLUTION[channels].pixels,
        TILES=min(TILES, power_of_two(partials.shape[0])),
        CHANNELS=8,
        num_warps=8,
    )
    return moments


def normalise(
    y: Tensor, moments: Tensor, affine: tuple[Tensor, Tensor], shortcut: Tensor | None, *, relu: bool
) -> Tensor:
    """y normalised, scaled, shifted, with the shortcut added, and no less than zero."""
    out, channels, pixels = torch.empty_like(y), y.shape[1], pixels_of(y)
    tile = APPLIED // channels
    launch(
        "normalise_kernel",
        (-(-pixels // tile),),
        y,
        moments,
        *affine,
        shortcut,
        out,
        pixels,
        C=channels,
        RELU=relu,
        PIXELS=tile,
    )
    return out


def normalise_backward(
    gradient: Tensor, saved: tuple[Tensor, ...], dtype: torch.dtype | None, *, relu: bool
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Gradients of y, of the shortcut, which has this type, and [2, C] of shift and scale."""
    y, out, moments, scale = saved
    channels, pixels = y.shape[1], pixels_of(y)
    tile, summed = APPLIED // channels, SUMMED // channels
    tiles = -(-pixels // summed)
    partials = moments.new_empty((tiles, *moments.shape))
    options = {"C": channels, "RELU": relu}
    to_y, to_shortcut = torch.empty_like(y), None if dtype is None else torch.empty_like(y, dtype=dtype)
    launch("gradient_sums_kernel", (tiles,), gradient, out, y, moments, partials, pixels, **options, PIXELS=summed)
    sums = column_sums(partials, torch.empty_like(moments))
    launch(
        "normalise_backward_kernel",
        (-(-pixels // tile),),
        gradient,
        out,
        y,
        moments,
        scale,
        sums,
        to_y,
        to_shortcut,
        pixels,
        **options,
        PIXELS=tile,
    )
    return to_y, to_shortcut, sums


def images(like: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Images on the same device, not filled."""
    return torch.empty(shape, dtype=dtype, device=like.device, memory_format=torch.channels_last)


def pixels_of(x: Tensor) -> int:
    """N * H * W."""
    return x.shape[0] * x.shape[2] * x.shape[3]


def shapes(x: Tensor, y: Tensor) -> dict[str, int]:
    """Of the images on both sides of a convolution."""
    sizes = (*x.shape[2:], x.shape[1], *y.shape[2:], y.shape[1])
    return dict(zip(("H", "W", "C", "TO_H", "TO_W", "TO_C"), sizes, strict=True))


def power_of_two(number: int) -> int:
    """The least that is no smaller."""
    return 1 << (number - 1).bit_length()
