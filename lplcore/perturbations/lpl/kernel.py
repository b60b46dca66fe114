"""LPL's walk as one kernel of Triton: when it takes the place of `walk`, and its launches.

N examples, C classes. It is for CUDA, and for the CPU under Triton's interpreter. Nothing here needs Triton until a
kernel is used. Classes are counted in full, and the host reads nothing.
"""

import torch
from torch import Tensor

from lplcore.frame.inputs import CriterionInput
from lplcore.frame.masked_classes import FAR
from lplcore.frame.triton_kernels import Kernels
from lplcore.frame.vmap_levels import untraced
from lplcore.perturbations.lpl.bounds import Steps
from lplcore.perturbations.lpl.in_place import REACH
from lplcore.perturbations.lpl.options import MAX_STEPS

BY_DEFAULT = True
"""Whether the kernel is used where it can be: it has run on an H200 against the walk in float64."""
WIDEST = 8192
"""Most classes: a row lies in the registers of a program."""
TILE = 2048
"""Entries of a tile, if it has more than one row."""
MOST_ROWS = 128
"""Rows of a tile at most. With 64, ten classes and a batch of 512 took 182 us instead of 120 on an H200."""
LEAST_WARPS = 4
"""Groups of 32 threads of a program at least."""
LABELS = 256
"""Labels that a program compares at a time."""


def attempt(device: torch.device) -> None:
    """A launch that shows whether kernels run on a device."""
    two = torch.ones(2, dtype=torch.float64, device=device)
    logits, first, plan = two.float()[None], two[:1], (two.float(), Steps(two, two, two))
    launch_walk(logits, first.long(), first.bool(), plan, by_norm=True)


KERNELS = Kernels(
    "lplcore.perturbations.lpl.triton_walk", attempt, by_default=BY_DEFAULT, otherwise="LPL walks without its kernel"
)
enabled = KERNELS.enabled


def usable(logits: Tensor) -> bool:
    """Whether the kernel can take logits [N, C], and is enabled. Compiles it at the first call: not while capturing."""
    return KERNELS.in_use and untraced() and 2 <= logits.shape[1] <= WIDEST and KERNELS.run_on(logits.device)


def walk(
    inputs: CriterionInput, sign: Tensor, steps: Steps, *, by_norm: bool, observing: bool
) -> tuple[Tensor, Tensor | None]:
    """The walk's sum per example, [N, C], by signs and steps of all classes, each [C].

    Where somebody observes: q, epsilon and sign of each class, [3, C], NaN where it is absent.
    """
    raw = inputs.raw_logits if observing else None
    return launch_walk(inputs.logits, inputs.labels, inputs.included, (sign, steps), by_norm=by_norm, raw=raw)


def launch_walk(
    logits: Tensor,
    labels: Tensor,
    included: Tensor | None,
    plan: tuple[Tensor, Steps],
    *,
    by_norm: bool,
    raw: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """As `walk`; q is of the raw logits."""
    n, c = logits.shape
    rows = logits.detach().contiguous()
    delta, order, largest = torch.empty_like(rows), labels.new_empty(n, dtype=torch.int32), rows.new_empty(n)
    observed = None if raw is None else rows.new_full((3, c), float("nan"))
    sign, steps = plan
    with torch.cuda.device_of(rows):  # type: ignore[no-untyped-call]
        KERNELS.programs.walk_kernel[(n,)](
            rows,
            rows if raw is None else raw.detach().contiguous(),
            *class_labels(labels, included),
            *(table.contiguous() for table in (sign, steps.epsilon, steps.number, steps.length)),
            delta,
            observed,
            order,
            largest,
            n,
            c,
            MAX_STEPS,
            REACH=REACH,
            FAR=FAR,
            BY_NORM=by_norm,
            OBSERVES=raw is not None,
            **shapes(c),
        )
    return delta, observed


def class_means(inputs: CriterionInput) -> Tensor:
    """q of each class by this batch's raw logits, [C], NaN where it is absent."""
    raw = inputs.raw_logits.detach().contiguous()
    n, c = raw.shape
    q, order = raw.new_full((c,), float("nan")), inputs.labels.new_empty(n, dtype=torch.int32)
    with torch.cuda.device_of(raw):  # type: ignore[no-untyped-call]
        KERNELS.programs.judge_kernel[(n,)](
            raw, *class_labels(inputs.labels, inputs.included), q, order, n, c, **shapes(c)
        )
    return q


def class_labels(labels: Tensor, included: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """What the kernels read of an example's class: labels [N], and bytes [N]."""
    return labels.contiguous(), None if included is None else included.contiguous().view(torch.uint8)


def shapes(c: int) -> dict[str, int]:
    """Shapes of the tiles, and how many threads share one: powers of two."""
    width = max(1 << (c - 1).bit_length(), 16)
    rows = min(max(TILE // width, 1), MOST_ROWS)
    return {
        "LABELS": LABELS,
        "ROWS": rows,
        "WIDTH": width,
        "num_warps": min(max(width // 512, LEAST_WARPS), 16),
        "num_stages": 1,
    }
