"""Theorems 1 to 3: the optimal threshold under bounded logit perturbations, and the errors that it has.

A bound enters with a sign: the first type of perturbation (the class's loss goes up) shifts the class's logits towards
its error by the bound, the second type (down) away from it.
"""

import math
from dataclasses import dataclass

from lplcore.theory.task import Errors, GaussianTask


@dataclass(frozen=True)
class Solution:
    """What a theorem says for one setting.

    Attributes:
        b: the threshold b*, None where the perturbed error has no stationary point.
        errors: standard errors of sign(w x + b*), None likewise.
        valid: whether b* is the global minimum of the perturbed error, which is what the theorem claims.
        reason: why it is not.
    """

    b: float | None
    errors: Errors | None
    valid: bool
    reason: str | None = None


def theorem_1(task: GaussianTask, *, epsilon: float, rho_plus: float) -> Solution:
    """Both classes perturbed by the first type, bounds rho_plus * epsilon (+1) and epsilon (-1) (Eq. 21, 44).

    Raises:
        ValueError: unequal variances, or a negative bound.
    """
    not_negative(epsilon=epsilon, rho_plus=rho_plus)
    return equal_variances(task, minority=rho_plus * epsilon, majority=epsilon)


def theorem_2(task: GaussianTask, *, epsilon: float, rho_minus: float) -> Solution:
    """First type on +1 with bound epsilon, second type on -1 with bound rho_minus * epsilon (Eq. 23).

    Raises:
        ValueError: unequal variances, or a negative bound.
    """
    not_negative(epsilon=epsilon, rho_minus=rho_minus)
    return equal_variances(task, minority=epsilon, majority=-rho_minus * epsilon)


def theorem_3(task: GaussianTask, *, epsilon: float, rho_plus: float, rho_minus: float) -> Solution:
    """Both classes perturbed by the first type, variances 1 : K^2 (Eq. 25, 50, 51).

    The root of the paper is a local minimum; it is global only where it beats the classifier that always says -1, which
    the paper does not ask. It exists only where B^2 + q >= 0. As K falls to 1, b* goes to that of theorem 1.

    Raises:
        ValueError: equal variances, or a negative bound.
    """
    not_negative(epsilon=epsilon, rho_plus=rho_plus, rho_minus=rho_minus)
    k = task.variance_ratio
    if k == 1:
        raise ValueError("variance_ratio: theorem 3 needs K > 1; theorem 1 is the case K = 1")
    minority, majority = rho_plus * epsilon, rho_minus * epsilon
    overlap = minority + majority - 2 * task.center
    excess, gain = (k - 1) * (k + 1), 2 * task.spread**2 * math.log(k / task.gamma)
    inside = overlap**2 + excess * gain
    if inside < 0:
        return Solution(None, None, valid=False, reason="B^2 + q(K, Gamma) < 0: no threshold is stationary")
    root = k * math.sqrt(inside)
    if overlap >= 0:
        return judged(task, minority - task.center + (overlap + root) / excess, minority=minority, majority=majority)
    # Eq. 50 divides overlap + root by K^2 - 1, and both vanish as K falls to 1; their conjugate does not.
    above = (overlap**2 + k**2 * gain) / (root - overlap)
    b = (minority - majority) / 2 + (k**2 * gain + excess * overlap * above / 2) / (root - overlap)
    return judged(task, b, minority=minority, majority=majority)


def equal_variances(task: GaussianTask, *, minority: float, majority: float) -> Solution:
    """Theorems 1 and 2 for signed shifts of the classes."""
    if task.variance_ratio != 1:
        raise ValueError("variance_ratio: theorems 1 and 2 are for equal variances, K = 1; theorem 3 is for others")
    overlap = minority + majority - 2 * task.center
    if overlap >= 0:
        return Solution(None, None, valid=False, reason="the bounds exceed the distance of the means, A >= 0")
    b = (minority - majority) / 2 + task.spread**2 * math.log(task.gamma) / overlap
    return judged(task, b, minority=minority, majority=majority)


def judged(task: GaussianTask, b: float, *, minority: float, majority: float) -> Solution:
    """The solution b with whether it beats the two constant classifiers on the perturbed error."""
    perturbed = task.errors(b, minority_shift=minority, majority_shift=majority).total
    always_majority, always_minority = 1 / (1 + task.gamma), task.gamma / (1 + task.gamma)
    beaten = perturbed > min(always_majority, always_minority)
    reason = "a constant classifier has a lower perturbed error: b* is a local minimum only" if beaten else None
    return Solution(b, task.errors(b), valid=not beaten, reason=reason)


def not_negative(**bounds: float) -> None:
    """Refuse negative or unbounded numbers by name."""
    for name, value in bounds.items():
        if not 0 <= value <= 1e18:
            raise ValueError(f"{name}: must be at least 0 and at most 1e18")
