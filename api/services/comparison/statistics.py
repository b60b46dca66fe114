"""Paired differences with Student's interval, in plain Python: a job's answer must not wait for numpy."""

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

CONFIDENCE = 0.95
MOST_FREEDOM = 1000
"""Degrees of freedom from which the quantile stays the same, 0.12 % wider than the normal one."""
ROUNDING = 1e-9
"""A relative standard error that is none: the same difference with every seed, but for its last bits."""
NO_PAIR = "no seed in common: nothing to compare"
ONE_PAIR = "one seed in common: no measure of noise"
TWO_PAIRS = "two seeds in common: the interval is very wide"


@dataclass(frozen=True)
class Difference:
    """The mean of a - b over the seeds that both have; what cannot be told of so few is None, and `note` says so."""

    difference: float | None
    standard_error: float | None
    confidence_interval: tuple[float, float] | None
    n: int
    note: str | None

    @property
    def decided(self) -> bool:
        """Whether the interval excludes zero."""
        interval = self.confidence_interval
        return interval is not None and (interval[0] > 0 or interval[1] < 0)

    @property
    def margin(self) -> float | None:
        """Half of the interval."""
        return None if self.confidence_interval is None else half_width(self.confidence_interval)


def half_width(interval: tuple[float, float]) -> float:
    """Half of an interval."""
    return (interval[1] - interval[0]) / 2


def paired(a: Mapping[int, float], b: Mapping[int, float], *, confidence: float = CONFIDENCE) -> Difference:
    """The difference of two sides, each a value by seed: d +- t(n - 1) s / sqrt(n), s of the differences by seed."""
    differences = [value - b[seed] for seed, value in a.items() if seed in b]
    n = len(differences)
    if n < 2:
        return Difference(next(iter(differences), None), None, None, n, ONE_PAIR if n else NO_PAIR)
    mean = statistics.fmean(differences)
    error = statistics.stdev(differences) / math.sqrt(n)
    margin = quantile(n - 1, confidence) * error
    return Difference(mean, error, (mean - margin, mean + margin), n, TWO_PAIRS if n == 2 else None)


@cache
def quantile(freedom: int, confidence: float = CONFIDENCE) -> float:
    """The t that Student's distribution exceeds in absolute value with probability 1 - confidence, by bisection."""
    low, high = 0.0, 16.0
    freedom = min(freedom, MOST_FREEDOM)
    while within(high, freedom) < confidence:
        high *= 2
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if within(middle, freedom) < confidence else (low, middle)
    return high


def p_value(difference: Difference) -> float:
    """The probability of a difference as large as this where there is none; 1 where its noise is not known."""
    size, error = abs(difference.difference or 0.0), difference.standard_error
    if not error or error <= ROUNDING * size:
        return 1.0
    return max(0.0, 1.0 - within(size / error, min(difference.n - 1, MOST_FREEDOM)))


def within(t: float, freedom: int) -> float:
    """P(|T| <= t), by the finite series for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(freedom))
    square = math.cos(angle) ** 2
    odd = freedom % 2
    term = total = math.cos(angle) if odd else 1.0
    for k in range(2 + odd, freedom - 1, 2):
        term *= square * (k - 1) / k
        total += term
    if freedom == 1:
        total = 0.0
    share = math.sin(angle) * total
    return 2 / math.pi * (angle + share) if odd else share
