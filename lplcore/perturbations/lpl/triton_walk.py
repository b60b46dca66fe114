"""LPL's walk for GPUs, in Triton, which this module alone imports: `kernel` asks first whether it is installed.

N examples, C classes. There is a program an example. That of a class's first example walks for the whole class, all
steps, with the moves in registers; those of its M - 1 others have nothing to do, and an ignored example stays. Tiles
are [R, W]: R of the class's examples, and W columns, a power of two that is at least C.

The arithmetic is that of `in_place`: with o_j an example's wrong logits and y its label's, both less the largest o_j,
and s the sum of exp(o_j), exp(-r) p_j = exp(o_j) / (s exp(r) + exp(y + r)) is the probability of a wrong class, and r
the log of the class's largest probability of being wrong. Both are taken anew after a distance of REACH.

Every order of summation is fixed, no program writes where another does, and none reads what another wrote.
"""

import triton
import triton.language as tl

ANYWHERE = ["logits", "raw", "labels", "included"]
"""Inputs that may begin at any address: the same numbers give the same bits wherever they lie."""


@triton.jit
def counted_labels(labels, included, first, n, LABELS: tl.constexpr):
    """LABELS positions from `first` on, and the labels there; -1 where no example counts."""
    positions = first + tl.arange(0, LABELS)
    block = tl.load(labels + positions, mask=positions < n, other=-1)
    if included is not None:
        block = tl.where(tl.load(included + positions, mask=positions < n, other=0) != 0, block, -1)
    return positions, block


@triton.jit
def place_of(labels, included, example, label, n, LABELS: tl.constexpr):
    """M; how many of them come before an example; how many examples are of smaller classes."""
    size = 0
    earlier = 0
    smaller = 0
    for first in range(0, n, LABELS):
        positions, block = counted_labels(labels, included, first, n, LABELS)
        size += tl.sum((block == label).to(tl.int32), 0)
        earlier += tl.sum(((block == label) & (positions < example)).to(tl.int32), 0)
        smaller += tl.sum(((block >= 0) & (block < label)).to(tl.int32), 0)
    return size, earlier, smaller


@triton.jit
def list_members(labels, included, members, label, n, LABELS: tl.constexpr):
    """Write the class's examples, ascending, to `members` [M]."""
    listed = 0
    for first in range(0, n, LABELS):
        positions, block = counted_labels(labels, included, first, n, LABELS)
        mine = block == label
        places = listed + tl.cumsum(mine.to(tl.int32), 0) - 1
        tl.store(members + places, positions, mask=mine)
        listed += tl.sum(mine.to(tl.int32), 0)
    # What one thread has written others read.
    tl.debug_barrier()


@triton.jit
def rows_of(members, first, size, c, ROWS: tl.constexpr):
    """[R] places of the class's examples from `first` on, whether there is one, and where its row begins."""
    places = first + tl.arange(0, ROWS)
    valid = places < size
    return places, valid, tl.load(members + places, mask=valid, other=0).to(tl.int64) * c


@triton.jit
def wrong_logits(logits, rows, valid, label, c, FAR: tl.constexpr, WIDTH: tl.constexpr):
    """[R, W] logits, -inf but at wrong classes; FAR where these are masked."""
    columns = tl.arange(0, WIDTH)
    wrong = (columns < c) & (columns != label)
    mask = valid[:, None] & wrong[None, :]
    values = tl.load(logits + rows[:, None] + columns[None, :], mask=mask, other=float("-inf"))
    return tl.where(wrong[None, :] & (values == float("-inf")), FAR, values)


@triton.jit
def mean_probability(logits, members, label, size, c, ROWS: tl.constexpr, WIDTH: tl.constexpr):
    """q of the class."""
    columns = tl.arange(0, WIDTH)
    total = tl.zeros((), logits.dtype.element_ty)
    for first in range(0, size, ROWS):
        _, valid, rows = rows_of(members, first, size, c, ROWS)
        mask = valid[:, None] & (columns < c)[None, :]
        values = tl.load(logits + rows[:, None] + columns[None, :], mask=mask, other=float("-inf"))
        own = tl.load(logits + rows + label, mask=valid, other=0.0)
        largest = tl.where(valid, tl.max(values, 1), 0.0)
        sums = tl.where(valid, tl.sum(tl.exp(values - largest[:, None]), 1), 1.0)
        total += tl.sum(tl.where(valid, tl.exp(own - largest) / sums, 0.0), 0)
    return total / size


@triton.jit
def anchor(
    logits, members, largest, move, own_move, label, size, c,
    FAR: tl.constexpr, ROWS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """r from here; the largest wrong logit of each example goes to `largest` [M]."""
    tl.debug_barrier()
    log_scale = tl.full((), float("-inf"), logits.dtype.element_ty)
    for first in range(0, size, ROWS):
        places, valid, rows = rows_of(members, first, size, c, ROWS)
        others = wrong_logits(logits, rows, valid, label, c, FAR, WIDTH) + move[None, :]
        highest = tl.max(others, 1)
        tl.store(largest + places, highest, mask=valid)
        own = tl.load(logits + rows + label, mask=valid, other=0.0)
        log_odds = tl.log(tl.sum(tl.exp(others - highest[:, None]), 1)) - (own + own_move - highest)
        log_wrong = tl.minimum(log_odds, 0.0) - tl.log(1.0 + tl.exp(-tl.abs(log_odds)))
        log_scale = tl.maximum(log_scale, tl.max(tl.where(valid, log_wrong, float("-inf")), 0))
    tl.debug_barrier()
    return log_scale


@triton.jit
def scaled_gradient(
    logits, members, largest, move, own_move, log_scale, label, size, c,
    FAR: tl.constexpr, ROWS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """[W] M exp(-r) times the class's gradient beside its own entry."""
    kind: tl.constexpr = logits.dtype.element_ty
    scale = tl.exp(log_scale)
    gradient = tl.zeros((WIDTH,), kind)
    for first in range(0, size, ROWS):
        places, valid, rows = rows_of(members, first, size, c, ROWS)
        others = wrong_logits(logits, rows, valid, label, c, FAR, WIDTH)
        highest = tl.load(largest + places, mask=valid, other=0.0)
        own = tl.load(logits + rows + label, mask=valid, other=0.0)
        # y and r are large and all but cancel where the class is all but fitted.
        margin = own.to(tl.float64) - highest.to(tl.float64) + (log_scale.to(tl.float64) + own_move.to(tl.float64))
        powers = tl.exp(others - highest[:, None] + move[None, :])
        weight = 1.0 / (tl.sum(powers, 1) * scale + tl.exp(margin.to(kind)))
        gradient += tl.sum(powers * tl.where(valid, weight, 0.0)[:, None], 0)
    return gradient


@triton.jit
def write_rows(delta, members, row, size, c, ROWS: tl.constexpr, WIDTH: tl.constexpr):
    """Give each of the class's examples the row [W]."""
    columns = tl.arange(0, WIDTH)
    for first in range(0, size, ROWS):
        _, valid, rows = rows_of(members, first, size, c, ROWS)
        spread = tl.broadcast_to(row[None, :], (ROWS, WIDTH))
        tl.store(delta + rows[:, None] + columns[None, :], spread, mask=valid[:, None] & (columns < c)[None, :])


@triton.jit
def walked(
    logits, members, largest, label, size, stride, steps, c,
    REACH: tl.constexpr, FAR: tl.constexpr, BY_NORM: tl.constexpr, ROWS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """[W] the sum of the class's steps, the own entry included."""
    kind: tl.constexpr = logits.dtype.element_ty
    move = tl.zeros((WIDTH,), kind)
    own_move = tl.zeros((), kind)
    leg = tl.maximum((REACH / tl.maximum(tl.abs(stride), 1e-6 * REACH)).to(tl.int32), 1)
    for begun in range(0, steps, leg):
        log_scale = anchor(logits, members, largest, move, own_move, label, size, c, FAR, ROWS, WIDTH)
        for _ in range(begun, tl.minimum(begun + leg, steps)):
            gradient = scaled_gradient(
                logits, members, largest, move, own_move, log_scale, label, size, c, FAR, ROWS, WIDTH
            )
            total = tl.sum(gradient, 0)
            if BY_NORM:
                step = stride / tl.maximum(tl.sqrt(tl.sum(gradient * gradient, 0) + total * total), 1e-37)
            else:
                step = stride * tl.exp(log_scale) / size
            move += step * gradient
            own_move -= step * total
    return tl.where(tl.arange(0, WIDTH) == label, own_move, move)


@triton.jit(do_not_specialize=["n"], do_not_specialize_on_alignment=ANYWHERE)
def walk_kernel(
    logits, raw, labels, included, sign, epsilon, number, length, delta, observed, order, largest, n, c, most,
    REACH: tl.constexpr, FAR: tl.constexpr, BY_NORM: tl.constexpr, OBSERVES: tl.constexpr,
    LABELS: tl.constexpr, ROWS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """All of `delta` [N, C]; where it observes, q, epsilon and sign in the present classes' columns of `observed`.

    Tables [C]: sign, epsilon, number and length of steps, of which no class walks more than `most`. Scratch [N]:
    `order`, `largest`.
    """
    kind: tl.constexpr = logits.dtype.element_ty
    example = tl.program_id(0)
    columns = tl.arange(0, WIDTH)
    label = tl.load(labels + example)
    counts = 1
    if included is not None:
        counts = tl.load(included + example).to(tl.int32)
    size, earlier, smaller = place_of(labels, included, example, label, n, LABELS)
    if counts == 0:
        tl.store(delta + example.to(tl.int64) * c + columns, tl.zeros((WIDTH,), kind), mask=columns < c)
    elif earlier == 0:
        members = order + smaller
        list_members(labels, included, members, label, n, LABELS)
        direction = tl.load(sign + label).to(kind)
        stride = direction * tl.load(length + label).to(kind)
        wanted = tl.load(number + label).to(tl.float32)
        # Not a number is no step.
        steps = tl.where(wanted >= 0, tl.minimum(wanted, most), 0.0).to(tl.int32)
        row = walked(
            logits, members, largest + smaller, label, size, stride, steps, c, REACH, FAR, BY_NORM, ROWS, WIDTH
        )
        write_rows(delta, members, row, size, c, ROWS, WIDTH)
        if OBSERVES:
            q = mean_probability(raw, members, label, size, c, ROWS, WIDTH)
            tl.store(observed + label, q)
            tl.store(observed + c + label, tl.load(epsilon + label).to(kind))
            tl.store(observed + 2 * c + label, direction)


@triton.jit(do_not_specialize=["n"], do_not_specialize_on_alignment=ANYWHERE)
def judge_kernel(raw, labels, included, q, order, n, c, LABELS: tl.constexpr, ROWS: tl.constexpr, WIDTH: tl.constexpr):
    """q of the present classes, in their places of `q` [C]. Scratch [N]: `order`."""
    example = tl.program_id(0)
    label = tl.load(labels + example)
    counts = 1
    if included is not None:
        counts = tl.load(included + example).to(tl.int32)
    size, earlier, smaller = place_of(labels, included, example, label, n, LABELS)
    if (earlier == 0) & (counts != 0):
        list_members(labels, included, order + smaller, label, n, LABELS)
        tl.store(q + label, mean_probability(raw, order + smaller, label, size, c, ROWS, WIDTH))
