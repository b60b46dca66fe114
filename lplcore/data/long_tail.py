"""Long-tailed class profiles, and which class takes which place in one."""

import math

import numpy as np
import numpy.typing as npt

PROFILES = ("exponential", "step")
EVEN = 0.9
"""Classes are alike in size where the smallest has at least this share of the largest."""
FACTOR_TOLERANCE = 0.05
"""Share by which the imbalance factor that is reached may differ from the one asked for without being noted."""


def long_tail_counts(
    max_count: int, num_classes: int, *, imbalance_factor: float, profile: str = "exponential"
) -> list[int]:
    """Training examples per class of a long-tailed set, class 0 the most frequent.

    `exponential`: floor(n_max * IF^(-c / (C - 1))) for c = 0..C-1 (Cui et al., CVPR 2019; Cao et al., NeurIPS 2019).
    `step`: the first half of the classes keeps n_max, the other half n_max / IF (Buda et al., 2018).

    Args:
        max_count: n_max, examples of the most frequent class.
        num_classes: C.
        imbalance_factor: IF = n_max / n_min >= 1.

    Raises:
        ValueError: an argument out of range; the message names it.
    """
    if not (math.isfinite(imbalance_factor) and imbalance_factor >= 1):
        raise ValueError(
            f"imbalance_factor: must be n_max/n_min >= 1, {imbalance_factor} given"
            + (f"; for the inverse ratio give {1 / imbalance_factor:g}" if 0 < imbalance_factor < 1 else "")
        )
    if max_count < 1 or num_classes < 1:
        raise ValueError("max_count and num_classes: must be at least 1")
    if profile == "exponential":
        # The tiny addition keeps a count that is whole in exact arithmetic (5000 / 100) from losing one to rounding.
        return [int(max_count * imbalance_factor ** (-c / max(num_classes - 1, 1)) + 1e-9) for c in range(num_classes)]
    if profile == "step":
        tail = int(max_count / imbalance_factor + 1e-9)
        head_classes = num_classes - num_classes // 2
        return [max_count] * head_classes + [tail] * (num_classes - head_classes)
    raise ValueError(f"profile: {profile!r} is unknown; known: {', '.join(PROFILES)}")


def by_count(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Classes [K] that have examples, the head of a long-tailed profile first.

    The most frequent class comes first, ties by index. Where all classes are alike in size (a balanced set, but for
    what its splits took) they keep the order of their indices, as the long-tailed CIFAR sets of the literature have it.
    """
    occurring = np.flatnonzero(counts)
    sizes = counts[occurring]
    if sizes.min() >= EVEN * sizes.max():
        return occurring
    return occurring[np.argsort(-sizes, kind="stable")]


def imbalance_of(class_counts: npt.NDArray[np.int64] | tuple[int, ...]) -> float:
    """n_max / n_min over the classes that have examples; 1 where none has."""
    counts = np.asarray(class_counts)
    occurring = counts[counts > 0]
    return float(occurring.max() / occurring.min()) if len(occurring) else 1.0


def missed_factor(kept: npt.NDArray[np.int64], asked: float) -> str | None:
    """A note where a subset's imbalance factor is not the one asked for.

    Args:
        kept: examples of each class, [C].
        asked: n_max / n_min that the profile was made for.
    """
    reached = imbalance_of(kept)
    if abs(reached - asked) <= FACTOR_TOLERANCE * asked:
        return None
    smallest = int(kept[kept > 0].min())
    return (
        f"the training subset's imbalance factor is {reached:.4g}, {asked:g} was asked for: its classes have "
        f"{int(kept.max())} to {smallest} examples, whole numbers and no more than the data set has of a class"
    )
