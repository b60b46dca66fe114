"""Corollaries 1 to 3 as conditions that can be tested.

Each answers whether, at this setting, errors move as the corollary says when the bound grows. Conditions are those of
the paper where they are right; where they are not, the corrected ones, which follow from the sign of db*/d rho.
"""

import math

from lplcore.theory.task import GaussianTask


def corollary_1(task: GaussianTask, *, epsilon: float) -> bool:
    """Whether a larger rho_plus lowers R(+1) and raises R(-1) (Eq. 48, as printed), rho_plus * epsilon < eta."""
    reach = (2 * task.dimension - 1) * task.eta - epsilon
    return reach > 0 and task.gamma < bounded_exp(reach**2 / (2 * task.spread**2))


def corollary_2(task: GaussianTask) -> bool:
    """Whether a larger rho_minus lowers R(+1) and raises R(-1) in theorem 2: for every Gamma > 1 (as printed)."""
    return task.gamma > 1


def corollary_3(task: GaussianTask, *, epsilon: float, rho_plus: float = 1.0, rho_minus: float = 1.0) -> str | None:
    """Which part of corollary 3 holds at a setting of theorem 3.

    `minority`: raising rho_plus at rho_minus = 1 lowers R(+1) and raises R(-1). Needs
    K < Gamma < K exp((2 d eta - eps (1 + rho_plus))^2 / (2 d sigma^2 K^2)). The paper prints a window whose lower end
    is that expression: inside it errors move the other way.

    `majority`: raising rho_minus at rho_plus = 1 raises R(+1) and lowers R(-1). Needs K > Gamma and also
    K / Gamma < exp((2 d eta - eps (1 + rho_minus))^2 / (2 d sigma^2)), which the paper leaves out.

    None: neither condition holds.
    """
    k, gamma = task.variance_ratio, task.gamma
    variance = 2 * task.spread**2
    if gamma > k and rho_minus == 1:
        reach = 2 * task.center - epsilon * (1 + rho_plus)
        return "minority" if reach > 0 and gamma < k * bounded_exp(reach**2 / (variance * k**2)) else None
    if k > gamma and rho_plus == 1:
        reach = 2 * task.center - epsilon * (1 + rho_minus)
        return "majority" if reach > 0 and k / gamma < bounded_exp(reach**2 / variance) else None
    return None


def bounded_exp(x: float) -> float:
    """exp(x), infinite where it overflows."""
    return math.exp(x) if x < 700 else math.inf
