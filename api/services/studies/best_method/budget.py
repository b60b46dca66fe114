"""How a number of runs is spent: on many methods with one seed, then on the best of them with several."""

from dataclasses import dataclass
from typing import Any

FEWEST_RUNS = 6
MOST_SEEDS = 10
WITH_FIVE_SEEDS = ((36, 4), (20, 3))
WITH_THREE_SEEDS = ((12, 3), (FEWEST_RUNS, 2))
"""(runs of a budget from which on, finalists)."""
SHORTEST_HALVED = 8
"""Epochs of a training from which on it pays to stop early."""


@dataclass(frozen=True)
class Allotment:
    """What a budget pays for.

    Attributes:
        trials: methods tried.
        finalists: of these, trained with all seeds.
        seeds: how many, the trial's counted.
        min_epochs: of the first rung; None: every trial is trained to the end.
    """

    trials: int
    finalists: int
    seeds: int
    min_epochs: int | None

    @property
    def halving(self) -> dict[str, Any] | None:
        """As a search has it: half of the trials go on at each rung."""
        return None if self.min_epochs is None else {"min_epochs": self.min_epochs, "factor": 2}


def allotted(runs: int, *, candidates: int, epochs: int) -> Allotment:
    """How so many runs are spent, at least `FEWEST_RUNS`; what too few candidates leave goes into seeds."""
    five = next((finalists for least, finalists in WITH_FIVE_SEEDS if runs >= least), None)
    three = next(finalists for least, finalists in WITH_THREE_SEEDS if runs >= least)
    finalists, seeds = (five, 5) if five else (three, 3)
    trials = min(candidates, runs - finalists * (seeds - 1))
    finalists = min(finalists, trials)
    seeds = max(seeds, min(MOST_SEEDS, 1 + (runs - trials) // finalists))
    return Allotment(trials, finalists, seeds, first_rung(trials, finalists, epochs))


def first_rung(trials: int, finalists: int, epochs: int) -> int | None:
    """Epochs up to the first rung, where enough trials are trained to the end though half of them stop at each."""
    if epochs < SHORTEST_HALVED:
        return None
    for parts in (4, 2):
        if trials // parts >= finalists:
            return -(-epochs // parts)
    return None
