"""Kernels of a 3x3 convolution with normalisation, in Triton, which this module alone imports.

Images lie with the channel last: [N, H, W, C], and N * H * W pixels in a row. A convolution is a product of matrices:
[pixels, 9 C] entries under the kernel's places, of which a tile is collected when it is needed, times [9 C, channels]
weights. The gradient of its input is a convolution of the result's gradient; that of the weights is the transposed
entries times the result's gradient. Products are of bf16 with sums in float32.

Every order of summation is fixed, and no program writes where another does.
"""

import triton
import triton.language as tl


@triton.jit
def entries(
    x, pixel, pixels, k,
    H: tl.constexpr, W: tl.constexpr, C: tl.constexpr, TO_H: tl.constexpr, TO_W: tl.constexpr,
    STRIDE: tl.constexpr, SPREAD: tl.constexpr,
):  # fmt: skip
    """[P, K] what lies at k = (row, column, channel) of the kernel over pixels of the result [N, TO_H, TO_W].

    With SPREAD 2, zeros lie between the rows and columns of x.
    """
    tap = k // C
    row = (pixel // TO_W % TO_H * STRIDE - 1)[:, None] + (tap // 3)[None, :]
    column = (pixel % TO_W * STRIDE - 1)[:, None] + (tap % 3)[None, :]
    inside = (row >= 0) & (row < H * SPREAD) & (column >= 0) & (column < W * SPREAD)
    inside &= (pixel < pixels)[:, None] & (k < 9 * C)[None, :]
    if SPREAD > 1:
        inside &= (row % SPREAD == 0) & (column % SPREAD == 0)
    image = (pixel // (TO_H * TO_W))[:, None]
    place = ((image * H + row // SPREAD) * W + column // SPREAD) * C + (k % C)[None, :]
    return tl.load(x + place, mask=inside, other=0.0).to(tl.bfloat16)


@triton.jit(do_not_specialize=["pixels"])
def convolution_kernel(
    x, weight, y, partials, pixels, w_first, w_row, w_column, w_in, w_out,
    H: tl.constexpr, W: tl.constexpr, C: tl.constexpr, TO_H: tl.constexpr, TO_W: tl.constexpr, TO_C: tl.constexpr,
    STRIDE: tl.constexpr, SPREAD: tl.constexpr, PIXELS: tl.constexpr, CHANNELS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """A tile of y, and where there are `partials` [tiles, 2, TO_C], its mean and its sum of squares about that.

    `w_*` say where in memory a weight lies.
    """
    tile = tl.program_id(0)
    pixel = tile * PIXELS + tl.arange(0, PIXELS)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    total = tl.zeros((PIXELS, CHANNELS), tl.float32)
    for begun in range(0, 9 * C, DEPTH):
        k = begun + tl.arange(0, DEPTH)
        collected = entries(x, pixel, pixels, k, H, W, C, TO_H, TO_W, STRIDE, SPREAD)
        places = w_first + k // C // 3 * w_row + k // C % 3 * w_column + k % C * w_in
        mask = (k < 9 * C)[:, None] & (channel < TO_C)[None, :]
        weights = tl.load(weight + places[:, None] + (channel * w_out)[None, :], mask=mask, other=0.0)
        total = tl.dot(collected, weights.to(tl.bfloat16), total)
    result = total.to(y.dtype.element_ty)
    mask = (pixel < pixels)[:, None] & (channel < TO_C)[None, :]
    tl.store(y + pixel[:, None] * TO_C + channel[None, :], result, mask=mask)
    if partials is not None:
        values = tl.where(mask, result.to(tl.float32), 0.0)
        mean = tl.sum(values, 0) / tl.minimum(pixels - tile * PIXELS, PIXELS)
        distance = tl.where(mask, values - mean[None, :], 0.0)
        place = partials + tile * 2 * TO_C + channel
        tl.store(place, mean, mask=channel < TO_C)
        tl.store(place + TO_C, tl.sum(distance * distance, 0), mask=channel < TO_C)


@triton.jit(do_not_specialize=["pixels"])
def weight_gradient_kernel(
    x, gradient, partials, pixels, w_row, w_column, w_in, w_out,
    H: tl.constexpr, W: tl.constexpr, C: tl.constexpr, TO_H: tl.constexpr, TO_W: tl.constexpr, TO_C: tl.constexpr,
    STRIDE: tl.constexpr, CHUNK: tl.constexpr, PIXELS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """What a chunk of pixels adds to the weights' gradient: a row of `partials`, which lies as the weights do."""
    k = tl.program_id(1) * DEPTH + tl.arange(0, DEPTH)
    channel = tl.arange(0, TO_C)
    total = tl.zeros((DEPTH, TO_C), tl.float32)
    for begun in range(0, CHUNK, PIXELS):
        pixel = tl.program_id(0) * CHUNK + begun + tl.arange(0, PIXELS)
        collected = entries(x, pixel, pixels, k, H, W, C, TO_H, TO_W, STRIDE, 1)
        above = tl.load(gradient + pixel[:, None] * TO_C + channel[None, :], mask=(pixel < pixels)[:, None], other=0.0)
        total = tl.dot(tl.trans(collected), above.to(tl.bfloat16), total)
    places = k // C // 3 * w_row + k // C % 3 * w_column + k % C * w_in
    row = partials + tl.program_id(0) * (9 * C * TO_C)
    tl.store(row + places[:, None] + (channel * w_out)[None, :], total, mask=(k < 9 * C)[:, None])


@triton.jit(do_not_specialize=["rows"])
def column_sums_kernel(partials, sums, rows, columns, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    """Sums over the rows of `partials` [rows, columns]."""
    column = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    for begun in range(0, rows, ROWS):
        row = begun + tl.arange(0, ROWS)
        mask = (row < rows)[:, None] & (column < columns)[None, :]
        total += tl.load(partials + row[:, None] * columns + column[None, :], mask=mask, other=0.0)
    tl.store(sums + column, tl.sum(total, 0), mask=column < columns)


@triton.jit(do_not_specialize=["pixels", "tiles"])
def statistics_kernel(
    partials, statistics, running_mean, running_variance, batches, pixels, tiles, momentum, epsilon,
    C: tl.constexpr, PIXELS: tl.constexpr, TILES: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """Mean and inverse standard deviation to `statistics` [2, C], and the running ones, from tiles' (Chan et al.)."""
    channel = tl.program_id(0) * CHANNELS + tl.arange(0, CHANNELS)
    sums = tl.zeros((TILES, CHANNELS), tl.float32)
    for begun in range(0, tiles, TILES):
        tile = begun + tl.arange(0, TILES)
        number = tl.minimum(pixels - tile * PIXELS, PIXELS).to(tl.float32)
        place = partials + tile[:, None] * (2 * C) + channel[None, :]
        sums += number[:, None] * tl.load(place, mask=(tile < tiles)[:, None], other=0.0)
    mean = tl.sum(sums, 0) / pixels
    squares = tl.zeros((TILES, CHANNELS), tl.float32)
    for begun in range(0, tiles, TILES):
        tile = begun + tl.arange(0, TILES)
        number = tl.minimum(pixels - tile * PIXELS, PIXELS).to(tl.float32)
        place = partials + tile[:, None] * (2 * C) + channel[None, :]
        valid = (tile < tiles)[:, None]
        distance = tl.load(place, mask=valid, other=0.0) - mean[None, :]
        within = tl.load(place + C, mask=valid, other=0.0)
        squares += tl.where(valid, within + number[:, None] * distance * distance, 0.0)
    total = tl.sum(squares, 0)
    tl.store(statistics + channel, mean)
    tl.store(statistics + C + channel, 1.0 / tl.sqrt(total / pixels + epsilon))
    old_mean = tl.load(running_mean + channel)
    old_variance = tl.load(running_variance + channel)
    tl.store(running_mean + channel, (1.0 - momentum) * old_mean + momentum * mean)
    tl.store(running_variance + channel, (1.0 - momentum) * old_variance + momentum * (total / (pixels - 1)))
    if tl.program_id(0) == 0:
        tl.store(batches, tl.load(batches) + 1)


@triton.jit
def tile_of(pixels, C: tl.constexpr, PIXELS: tl.constexpr):
    """[P, C] places of this program's pixels, and which of them there are."""
    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    return pixel[:, None] * C + tl.arange(0, C)[None, :], (pixel < pixels)[:, None]


@triton.jit
def normal(y, statistics, place, mask, C: tl.constexpr):
    """[P, C] entries less their mean, over the standard deviation."""
    channel = tl.arange(0, C)
    mean = tl.load(statistics + channel)[None, :]
    inverse = tl.load(statistics + C + channel)[None, :]
    return (tl.load(y + place, mask=mask, other=0.0).to(tl.float32) - mean) * inverse


@triton.jit(do_not_specialize=["pixels"])
def normalise_kernel(
    y, statistics, scale, shift, shortcut, out, pixels, C: tl.constexpr, RELU: tl.constexpr, PIXELS: tl.constexpr
):  # fmt: skip
    """A tile of `out` [pixels, C]: normalised, scaled, shifted, with the shortcut added, at least zero."""
    channel = tl.arange(0, C)
    place, mask = tile_of(pixels, C, PIXELS)
    values = normal(y, statistics, place, mask, C)
    values = values * tl.load(scale + channel)[None, :] + tl.load(shift + channel)[None, :]
    if shortcut is not None:
        values += tl.load(shortcut + place, mask=mask, other=0.0).to(tl.float32)
    if RELU:
        # Not the maximum: what is not a number stays so.
        values = tl.where(values < 0.0, 0.0, values)
    tl.store(out + place, values.to(out.dtype.element_ty), mask=mask)


@triton.jit
def before_relu(gradient, out, place, mask, RELU: tl.constexpr):
    """[P, C] the gradient of what ReLU was applied to."""
    values = tl.load(gradient + place, mask=mask, other=0.0).to(tl.float32)
    if RELU:
        values = tl.where(tl.load(out + place, mask=mask, other=0.0).to(tl.float32) <= 0.0, 0.0, values)
    return values


@triton.jit(do_not_specialize=["pixels"])
def gradient_sums_kernel(
    gradient, out, y, statistics, partials, pixels, C: tl.constexpr, RELU: tl.constexpr, PIXELS: tl.constexpr
):  # fmt: skip
    """A tile's row of `partials` [tiles, 2, C]: what it adds to the gradients of shift and scale."""
    channel = tl.arange(0, C)
    place, mask = tile_of(pixels, C, PIXELS)
    values = before_relu(gradient, out, place, mask, RELU)
    row = partials + tl.program_id(0) * (2 * C) + channel
    tl.store(row, tl.sum(values, 0))
    tl.store(row + C, tl.sum(values * normal(y, statistics, place, mask, C), 0))


@triton.jit(do_not_specialize=["pixels"])
def normalise_backward_kernel(
    gradient, out, y, statistics, scale, sums, to_y, to_shortcut, pixels,
    C: tl.constexpr, RELU: tl.constexpr, PIXELS: tl.constexpr,
):  # fmt: skip
    """A tile of the gradients of y and of the shortcut, from `sums` [2, C], the gradients of shift and scale."""
    channel = tl.arange(0, C)
    place, mask = tile_of(pixels, C, PIXELS)
    values = before_relu(gradient, out, place, mask, RELU)
    if to_shortcut is not None:
        tl.store(to_shortcut + place, values.to(to_shortcut.dtype.element_ty), mask=mask)
    means = tl.load(sums + channel) / pixels
    slopes = tl.load(sums + C + channel) / pixels
    values -= means[None, :] + normal(y, statistics, place, mask, C) * slopes[None, :]
    factor = tl.load(scale + channel) * tl.load(statistics + C + channel)
    tl.store(to_y + place, (values * factor[None, :]).to(to_y.dtype.element_ty), mask=mask)
