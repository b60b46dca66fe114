"""Labels as callers pass them: checked, with those to ignore replaced. N examples, C classes."""

from typing import NamedTuple

import torch
from torch import Tensor

from lplcore.device import host_sees
from lplcore.frame.statistics import ClassStatistics
from lplcore.frame.vmap_levels import is_batched, plain, untraced

IGNORE_INDEX = -100
"""Label of examples that are ignored, as in torch's losses."""
UNKNOWN = -1
"""Multi label: an entry of which nobody knows whether the example has the class."""
MULTI_HOT = "labels: multi-hot rows hold zeros and ones{}, and -1 for what is unknown, nothing else"
SOFT_TOLERANCE = 0.05
"""By which a row of soft targets may miss the sum 1, for the sake of half precision."""
INDEX_TYPES = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


class Labels(NamedTuple):
    """Labels without those to ignore."""

    targets: Tensor
    """[N] int64, soft targets [N, C] or multi-hot [N, C]; class 0 stands for what is ignored."""
    included: Tensor | None
    """[N] (multi label: [N, C]) bool, whether it counts; None where all do."""


def check_shapes(labels: Tensor, logits: Tensor, statistics: ClassStatistics, *, rejecting: str | None) -> None:
    """Refuse shapes and types that cannot be; `rejecting` names what takes no soft targets.

    Raises:
        ValueError: logits are not [N, C], or labels do not fit them.
    """
    classes = statistics.num_classes
    if logits.dim() != 2 or logits.shape[1] != classes:
        raise ValueError(
            f"logits: expected [N, {classes}] as class_counts has {classes} classes, got {list(logits.shape)}"
        )
    if statistics.multi_label:
        if labels.shape != logits.shape or labels.is_complex():
            raise ValueError(
                f"labels: expected multi-hot rows {list(logits.shape)} of zeros and ones, "
                f"got {labels.dtype} {list(labels.shape)}"
            )
    elif labels.is_floating_point() and labels.shape == logits.shape:
        if rejecting is not None:
            raise ValueError(f"labels: {rejecting!r} needs one label per example [{logits.shape[0]}], not soft targets")
    elif labels.dtype not in INDEX_TYPES or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"labels: expected class indices [{logits.shape[0]}] int64 or soft targets {list(logits.shape)}, "
            f"got {labels.dtype} {list(labels.shape)}"
        )


def checked(
    labels: Tensor, statistics: ClassStatistics, *, dtype: torch.dtype, ignore_index: int, hard: str | None = None
) -> Labels:
    """Labels in the types that losses take, without those to ignore.

    A row of soft targets is ignored where all of it is `ignore_index`. Multi label: `hard` names what takes no shares
    between 0 and 1, None where all take them.

    Raises:
        ValueError: a label that cannot be, on the CPU. Elsewhere the host would have to wait for the device: there, and
            in compiled code, an assertion on the device fails instead.
    """
    if usual(labels, statistics, ignore_index=ignore_index, whole=hard is not None):
        return Labels(labels.to(dtype) if statistics.multi_label else labels.long(), None)
    included = included_mask(labels, statistics, ignore_index=ignore_index)
    if statistics.multi_label:
        values = labels.to(dtype)
        valid = (values >= 0) & (values <= 1) if hard is None else (values == 0) | (values == 1)
        message = MULTI_HOT.format(", shares between them" if hard is None else "")
        message = message if hard is None else f"{message}; {hard!r} takes no shares between them"
    elif labels.dim() == 2:
        values = labels.to(dtype)
        valid = (values >= 0).all(dim=1) & ((values.sum(dim=1) - 1).abs() < SOFT_TOLERANCE)
        message = "labels: soft targets are at least 0 and sum to 1; for multi-hot rows give task='multi_label'"
    else:
        values = labels.long()
        valid = (values >= 0) & (values < statistics.num_classes)
        message = f"labels: class indices run from 0 to {statistics.num_classes - 1}"
    demand(valid | ~included, values, message, ignore_index=ignore_index)
    if all_on_the_host(included):
        return Labels(values, None)
    return Labels(replaced(values, included), included)


def usual(labels: Tensor, statistics: ClassStatistics, *, ignore_index: int, whole: bool = False) -> bool:
    """Whether labels are all valid and count, where the host sees it in few operations; False where it does not.

    Multi label: `whole` asks for zeros and ones alone.
    """
    soft = labels.dim() == 2 and not statistics.multi_label
    if soft or not host_sees(labels) or labels.numel() == 0 or not untraced():
        return False
    values = labels.float() if statistics.multi_label else labels
    lowest, highest = (float(extreme) for extreme in values.aminmax())
    if statistics.multi_label:
        return lowest >= 0 and highest <= 1 and (not whole or torch.equal(values, values.ceil()))
    return lowest >= 0 and highest < statistics.num_classes and not lowest <= ignore_index <= highest


def included_of(labels: Tensor, statistics: ClassStatistics, *, ignore_index: int) -> Tensor | None:
    """[N] (multi label: [N, C]) bool, which labels are not ignored; None where all count, and the host sees it."""
    if usual(labels, statistics, ignore_index=ignore_index):
        return None
    included = included_mask(labels, statistics, ignore_index=ignore_index)
    return None if all_on_the_host(included) else included


def included_mask(labels: Tensor, statistics: ClassStatistics, *, ignore_index: int) -> Tensor:
    """[N] (multi label: [N, C]) bool, which labels are not ignored."""
    if statistics.multi_label:
        # In a type that has the number: an unsigned 255 is not -1.
        return labels.float() != UNKNOWN
    if labels.dim() == 2:
        return (labels != ignore_index).any(dim=1)
    return labels.long() != ignore_index


def demand(valid: Tensor, labels: Tensor, message: str, *, ignore_index: int) -> None:
    """Fail where a label is not valid."""
    if torch.compiler.is_compiling():
        torch._assert_async(valid.all(), message)
        return
    flag = plain(valid.all()).all()
    if flag.device.type in ("cuda", "cpu") and not host_sees(flag):
        torch._assert_async(flag, message)
    elif flag.device.type != "meta" and not bool(flag):
        if labels.dim() == 1:
            wrong = plain(labels)[~plain(valid)][0].item() if not is_batched(labels, valid) else "another"
            message = f"{message}, got {wrong}; {ignore_index} is ignored"
        raise ValueError(message)


def all_on_the_host(included: Tensor) -> bool:
    """Whether all count, where the host sees it without waiting for a device."""
    if torch.compiler.is_compiling() or not host_sees(included) or is_batched(included):
        return False
    return bool(plain(included).all())


def replaced(targets: Tensor, included: Tensor) -> Tensor:
    """Targets with class 0 (multi label: no class) in the place of what is ignored."""
    if targets.shape == included.shape:
        return torch.where(included, targets, 0)
    first = one_hot(torch.zeros_like(included, dtype=torch.int64), targets.shape[1], targets.dtype)
    return torch.where(included[:, None], targets, first)


def one_hot(labels: Tensor, num_classes: int, dtype: torch.dtype) -> Tensor:
    """[N, C] of labels [N]; torch's own looks at the values, which `vmap` does not allow and a device waits for."""
    return (labels[:, None] == torch.arange(num_classes, device=labels.device)).to(dtype)


def with_gaps(labels: Labels, num_classes: int) -> Tensor:
    """Labels as soft targets [N, C] in float32, NaN where they are ignored."""
    targets, included = labels
    soft = targets.float() if targets.dim() == 2 else one_hot(targets, num_classes, torch.float32)
    return soft if included is None else torch.where(included[:, None], soft, torch.nan)
