"""The two-class Gaussian task (Eq. 17) and the errors of a threshold classifier on it."""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

Part = Literal["minority", "majority"]
"""A class: +1 is the minority, -1 the majority."""


class Errors(NamedTuple):
    """Standard errors of a classifier, as fractions."""

    minority: float
    """R(f, +1)."""
    majority: float
    """R(f, -1)."""
    total: float
    """R(f), weighted by the classes' priors."""


@dataclass(frozen=True)
class GaussianTask:
    """x given y is N(y * eta * 1, sigma_y^2 I) in `dimension` numbers; P(+1) : P(-1) = 1 : gamma.

    Attributes:
        gamma: Gamma, how much more frequent the class -1 is.
        dimension: d.
        eta: distance of the means from zero, per dimension.
        sigma: standard deviation of the class +1.
        variance_ratio: K; the class -1 has standard deviation K * sigma.
    """

    gamma: float = 2.0
    dimension: int = 2
    eta: float = 1.0
    sigma: float = 1.0
    variance_ratio: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what the theorems do not speak of.

        Raises:
            ValueError: with the name of the field.
        """
        if not 1 <= self.dimension <= 10**6 or self.dimension != int(self.dimension):
            raise ValueError("dimension: must be a whole number from 1 to 10^6")
        for name, smallest in (("gamma", 1.0), ("variance_ratio", 1.0)):
            if not smallest <= getattr(self, name) <= 1e9:
                raise ValueError(f"{name}: must be at least {smallest:g} and at most 1e9")
        for name in ("eta", "sigma"):
            if not 1e-9 <= getattr(self, name) <= 1e9:
                raise ValueError(f"{name}: must be at least 1e-9 and at most 1e9")

    @property
    def center(self) -> float:
        """Mean of w x given y = +1: d * eta."""
        return self.dimension * self.eta

    @property
    def spread(self) -> float:
        """Standard deviation of w x given y = +1: sqrt(d) * sigma."""
        return math.sqrt(self.dimension) * self.sigma

    def errors(self, b: float, *, minority_shift: float = 0.0, majority_shift: float = 0.0) -> Errors:
        """Errors of sign(w x + b), each class's logit shifted towards its error by an amount.

        Shifts of zero give the standard errors; shifts of the perturbation bounds the errors that Eq. 43 minimises.
        """
        minority = normal(-(self.center + b - minority_shift) / self.spread)
        majority = normal((-self.center + b + majority_shift) / (self.variance_ratio * self.spread))
        return Errors(minority, majority, (minority + self.gamma * majority) / (1 + self.gamma))

    def harder(self, b: float) -> Part | None:
        """The class with the larger error at a threshold, None where both are equal: b = -d eta (K - 1) / (K + 1)."""
        equal = -self.center * (self.variance_ratio - 1) / (self.variance_ratio + 1)
        if b == equal:
            return None
        return "minority" if b < equal else "majority"


def normal(x: float) -> float:
    """Pr(N(0, 1) < x)."""
    return 0.5 * math.erfc(-x / math.sqrt(2))
