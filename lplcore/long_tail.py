"""Long-tailed class profiles."""

import math

PROFILES = ("exponential", "step")


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
