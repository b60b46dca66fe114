"""Which is best, and whether it is so beyond the noise. Samples are values by seed."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.services.comparison.statistics import Difference, paired

Sample = Mapping[int, float]


@dataclass(frozen=True)
class Lead:
    """The places of the best and of the runner-up (None: there is no other), and by how much the best is better."""

    best: int
    runner_up: int | None
    ahead: Difference | None

    @property
    def decided(self) -> bool:
        """Whether the best is better beyond the noise."""
        interval = self.ahead.confidence_interval if self.ahead else None
        return interval is not None and interval[0] > 0


def lower_is_better(metric: str) -> bool:
    """Whether a metric counts errors."""
    return "error" in metric or metric.partition(".")[0].endswith("loss")


def lead(samples: Sequence[Sample], metric: str) -> Lead | None:
    """The best by its mean before the second best, None where no sample has a value."""
    sign = -1.0 if lower_is_better(metric) else 1.0
    means = {place: sign * statistics.fmean(sample.values()) for place, sample in enumerate(samples) if sample}
    if not means:
        return None
    best, *others = sorted(means, key=lambda place: (-means[place], place))
    if not others:
        return Lead(best, None, None)
    ahead = paired(signed(samples[best], sign), signed(samples[others[0]], sign))
    return Lead(best, others[0], ahead)


def signed(sample: Sample, sign: float) -> dict[int, float]:
    """The sample so that more is better."""
    return {seed: sign * value for seed, value in sample.items()}
