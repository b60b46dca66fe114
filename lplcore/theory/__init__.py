"""The paper's theory: what bounded logit perturbations do to the two classes of a Gaussian task (Section III-B).

`theorem_1`, `theorem_2` and `theorem_3` give the classes' errors in closed form with the conditions under which they
hold (those of the paper where it is right, corrected ones where it is not), `curve` the lines of Fig. 3 to 6,
`brute_force`, `monte_carlo` and `Examples` independent checks, `corollary_1` to `corollary_3` the conditions for the
direction in which errors move, `corollary_3_harder` that for which class is harder, `statements` the corollaries as
printed and as corrected. Everything is for the classifier sign(w x + b) with w = 1: only b is optimised, as in the
paper. docs/theory.md tells the whole story.
"""

from lplcore.theory.checks import Examples, brute_force, monte_carlo
from lplcore.theory.corollaries import corollary_1, corollary_2, corollary_3, corollary_3_harder
from lplcore.theory.curves import FIGURES, Curve, curve
from lplcore.theory.statements import Statement, statements
from lplcore.theory.task import Errors, GaussianTask, Part
from lplcore.theory.theorems import Solution, theorem_1, theorem_2, theorem_3
from lplcore.theory.windows import Window

__all__ = [
    "FIGURES",
    "Curve",
    "Errors",
    "Examples",
    "GaussianTask",
    "Part",
    "Solution",
    "Statement",
    "Window",
    "brute_force",
    "corollary_1",
    "corollary_2",
    "corollary_3",
    "corollary_3_harder",
    "curve",
    "monte_carlo",
    "statements",
    "theorem_1",
    "theorem_2",
    "theorem_3",
]
