"""Every two of some samples compared, paired by seed, and corrected for how many comparisons that are.

Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979: of m p-values
the smallest is held against alpha / m, the next against alpha / (m - 1), and so on until one is not below its bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from api.services.comparison.ranking import Sample
from api.services.comparison.statistics import CONFIDENCE, Difference, p_value, paired


@dataclass(frozen=True)
class Pair:
    """The places of two samples and their difference, a - b, with the interval and the p-value after correction."""

    a: int
    b: int
    difference: Difference
    p_value: float

    @property
    def decided(self) -> bool:
        """Whether the two differ beyond the noise."""
        return self.p_value <= 1.0 - CONFIDENCE


def corrected_pairs(samples: Sequence[Sample]) -> list[Pair]:
    """All pairs, in the order of the samples.

    An interval has the confidence at which its pair is judged, so that it excludes zero where the pair is decided. The
    same difference with every seed measures no noise and decides nothing.
    """
    found = [(a, b, paired(samples[a], samples[b])) for a, b in combinations(range(len(samples)), 2)]
    by_p = sorted(found, key=lambda each: (p_value(each[2]), each[:2]))
    pairs, least, undecided = [], 0.0, False
    confidence = CONFIDENCE
    for rank, (a, b, plain) in enumerate(by_p):
        left = len(by_p) - rank
        if not undecided:
            confidence = 1.0 - (1.0 - CONFIDENCE) / left
        least = max(least, min(1.0, left * p_value(plain)))
        undecided = undecided or least > 1.0 - CONFIDENCE
        pairs.append(Pair(a, b, paired(samples[a], samples[b], confidence=confidence), least))
    return sorted(pairs, key=lambda pair: (pair.a, pair.b))
