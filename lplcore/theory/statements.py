"""The corollaries as statements about b*, as printed and as corrected, each with its condition."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lplcore.theory import windows
from lplcore.theory.task import GaussianTask
from lplcore.theory.windows import Window

About = Literal["direction", "harder"]
Version = Literal["printed", "corrected"]


@dataclass(frozen=True)
class Statement:
    """What a corollary says about the errors of sign(w x + b*), and when.

    Attributes:
        corollary: 1 to 3.
        about: `direction`, how errors move with a bound, or `harder`, which class has the larger error.
        version: `printed` in the paper, or `corrected`.
        says: the statement.
        condition: under which it holds, or is said to hold.
        remark: whether the condition is right, sufficient or exact.
        of: the condition as a window, from a task and the bounds of +1 and -1.
    """

    corollary: int
    about: About
    version: Version
    says: str
    condition: str
    remark: str
    of: Callable[[GaussianTask, float, float], Window]

    def window(self, task: GaussianTask, *, epsilon: float, rho_plus: float = 1.0, rho_minus: float = 1.0) -> Window:
        """The condition at a setting."""
        return self.of(task, rho_plus * epsilon, rho_minus * epsilon)


def statements(theorem: int, parameter: str) -> tuple[Statement, ...]:
    """What the corollaries say about a theorem as a parameter grows, the other rho being 1.

    Raises:
        ValueError: they say nothing.
    """
    if (theorem, parameter) not in STATEMENTS:
        raise ValueError(f"parameter: no corollary says what {parameter} does in theorem {theorem}")
    return STATEMENTS[theorem, parameter]


PLUS_HELPS = "a larger rho_plus lowers R(+1) and raises R(-1)"
GIVEN_AWAY = "a larger rho_minus lowers R(+1) and raises R(-1)"
MINUS_HELPS = "a larger rho_minus raises R(+1) and lowers R(-1)"
PRINTED_WINDOW = "K exp((2 d eta - epsilon)^2 / (2 d K^2 sigma^2)) < Gamma < K exp(2 d eta^2 / ((K^2 - 1) sigma^2))"
EQUAL_ERRORS = (
    "K exp(epsilon (rho_plus - rho_minus / K) (4 d eta / (K + 1) - epsilon (rho_plus + rho_minus / K)) / (2 d sigma^2))"
)
BOUNDS = "epsilon (rho_plus K^2 + rho_minus)"

STATEMENTS: dict[tuple[int, str], tuple[Statement, ...]] = {
    (1, "rho_plus"): (
        Statement(
            corollary=1,
            about="direction",
            version="printed",
            says=PLUS_HELPS,
            condition="Gamma < exp(((2 d - 1) eta - epsilon)^2 / (2 d sigma^2))",
            remark="sufficient at every rho_plus below eta / epsilon",
            of=windows.ahead_anywhere,
        ),
        Statement(
            corollary=1,
            about="direction",
            version="corrected",
            says=PLUS_HELPS,
            condition="Gamma < exp((2 d eta - epsilon (1 + rho_plus))^2 / (2 d sigma^2))",
            remark="exact at each rho_plus",
            of=windows.ahead,
        ),
    ),
    (2, "rho_minus"): (
        Statement(
            corollary=2,
            about="direction",
            version="printed",
            says=GIVEN_AWAY,
            condition="Gamma > 1",
            remark="sufficient, and right for Gamma = 1 as well",
            of=windows.imbalanced,
        ),
    ),
    (3, "rho_plus"): (
        Statement(
            corollary=3,
            about="direction",
            version="printed",
            says=PLUS_HELPS,
            condition=PRINTED_WINDOW,
            remark="wrong: inside this window errors move the other way",
            of=windows.minority_printed,
        ),
        Statement(
            corollary=3,
            about="direction",
            version="corrected",
            says=PLUS_HELPS,
            condition="K < Gamma < K exp((2 d eta - epsilon (1 + rho_plus))^2 / (2 d K^2 sigma^2))",
            remark="sufficient; the upper end is exact, and below K errors move so as well",
            of=windows.minority_moves,
        ),
        Statement(
            corollary=3,
            about="harder",
            version="printed",
            says="R(+1) > R(-1)",
            condition=PRINTED_WINDOW,
            remark="sufficient",
            of=windows.minority_printed,
        ),
        Statement(
            corollary=3,
            about="harder",
            version="corrected",
            says="R(+1) > R(-1)",
            condition=f"Gamma > {EQUAL_ERRORS} and {BOUNDS} < 2 d eta K",
            remark="exact",
            of=windows.minority_harder,
        ),
    ),
    (3, "rho_minus"): (
        Statement(
            corollary=3,
            about="direction",
            version="printed",
            says=MINUS_HELPS,
            condition="Gamma < K",
            remark="wrong: errors move so only above the lower end of the corrected window",
            of=windows.majority_printed,
        ),
        Statement(
            corollary=3,
            about="direction",
            version="corrected",
            says=MINUS_HELPS,
            condition="K exp(-(2 d eta - epsilon (1 + rho_minus))^2 / (2 d sigma^2)) < Gamma < K",
            remark="sufficient; the lower end is exact, and above K errors move so as well",
            of=windows.majority_moves,
        ),
        Statement(
            corollary=3,
            about="harder",
            version="printed",
            says="R(+1) < R(-1)",
            condition="Gamma < K",
            remark="sufficient for rho_minus <= K rho_plus",
            of=windows.majority_printed,
        ),
        Statement(
            corollary=3,
            about="harder",
            version="corrected",
            says="R(+1) < R(-1)",
            condition=f"Gamma < {EQUAL_ERRORS} or {BOUNDS} >= 2 d eta K",
            remark="exact",
            of=windows.majority_harder,
        ),
    ),
}
"""By theorem and the parameter that grows."""
