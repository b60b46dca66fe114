"""Corollaries 1 to 3 as conditions that can be tested.

Each answers whether, at this setting, the errors of the theorem's b* are as the corollary says. Whether b* is also the
best threshold is another question, which `Solution.valid` answers: no corollary asks it.
"""

from lplcore.theory.task import GaussianTask, Part
from lplcore.theory.windows import ahead, ahead_anywhere, majority_moves, minority_harder, minority_moves


def corollary_1(task: GaussianTask, *, epsilon: float, rho_plus: float | None = None) -> bool:
    """The condition under which a larger rho_plus lowers R(+1) and raises R(-1) in theorem 1.

    Without `rho_plus`, the printed one (Eq. 48), which suffices at every rho_plus with rho_plus * epsilon < eta. It is
    not necessary: False leaves open how errors move at a given rho_plus. With `rho_plus`, the exact one there (Eq. 47):
    False means that they do not move as the corollary says.
    """
    window = ahead_anywhere(task, 0.0, epsilon) if rho_plus is None else ahead(task, rho_plus * epsilon, epsilon)
    return window.contains(task.gamma)


def corollary_2(task: GaussianTask) -> bool:
    """Whether a larger rho_minus lowers R(+1) and raises R(-1) in theorem 2: for every Gamma > 1 (as printed).

    That is wherever theorem 2 has a solution, A < 0. (At Gamma = 1, where no class is rarer, errors move so as well.)
    """
    return task.gamma > 1


def corollary_3(task: GaussianTask, *, epsilon: float, rho_plus: float = 1.0, rho_minus: float = 1.0) -> Part | None:
    """Which part of corollary 3 holds for the errors of theorem 3's b* at a setting, by the corrected conditions.

    `minority`: raising rho_plus at rho_minus = 1 lowers R(+1) and raises R(-1). Needs
    K < Gamma < K exp((2 d eta - eps (1 + rho_plus))^2 / (2 d sigma^2 K^2)). The paper prints a window whose lower end
    is, but for rho_plus, that expression: inside it errors move the other way.

    `majority`: raising rho_minus at rho_plus = 1 raises R(+1) and lowers R(-1). Needs K > Gamma and also
    K / Gamma < exp((2 d eta - eps (1 + rho_minus))^2 / (2 d sigma^2)), which the paper leaves out.

    None: neither condition holds. The answer is about b* whether or not it is the best threshold: at all of Fig. 5 it
    is `minority`, while a constant classifier has a lower perturbed error (`Solution.valid` is False).
    """
    plus, minus = rho_plus * epsilon, rho_minus * epsilon
    if rho_minus == 1 and minority_moves(task, plus, minus).contains(task.gamma):
        return "minority"
    if rho_plus == 1 and majority_moves(task, plus, minus).contains(task.gamma):
        return "majority"
    return None


def corollary_3_harder(
    task: GaussianTask, *, epsilon: float, rho_plus: float = 1.0, rho_minus: float = 1.0
) -> Part | None:
    """Which class has the larger error at theorem 3's b*, from the setting alone (exact where b* exists).

    `minority`, R(+1) > R(-1), if and only if rho_plus eps K^2 + rho_minus eps < 2 d eta K and
    Gamma > K exp(eps (rho_plus - rho_minus / K) (4 d eta / (K + 1) - eps (rho_plus + rho_minus / K)) / (2 d sigma^2)).
    Without perturbation that is Gamma > K; at rho_plus = rho_minus = 1 it asks for more.

    None: the errors are equal.
    """
    window = minority_harder(task, rho_plus * epsilon, rho_minus * epsilon)
    if window.possible and task.gamma == window.lower:
        return None
    return "minority" if window.contains(task.gamma) else "majority"
