"""What a search does next.

A decision is a function of the search and of its trials' values in the order of their numbers: whoever asks, and
however often, the trials are the same in whatever order their runs end.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lplcore.search.halving import Standing, rungs, standing
from lplcore.search.metrics import better
from lplcore.search.record import Search
from lplcore.search.sampling import Untried, Usable
from lplcore.search.trials import Decision, Trial


def decide(search: Search, epochs: int, trials: Sequence[Trial], *, usable: Usable) -> Decision:
    """What to do next with trials that stand like this.

    Args:
        search: complete, as a parsed spec has it.
        epochs: of a whole training.
        trials: all that there are, in any order.
        usable: whether the spec can be trained at a point; one that cannot is never asked for.
    """
    trials = sorted(trials, key=lambda trial: trial.number)
    asked, exhausted = new_points(search, trials, usable)
    complete = not asked and (exhausted or len(trials) >= search.ends[-1])
    standings = ladder(search, epochs, trials, complete=complete)
    over = complete and all(trial.ended for trial in trials)
    return Decision(
        ask=tuple(enumerate(asked, start=len(trials))),
        promote=waiting(trials, [standing.promoted for standing in standings]),
        prune=waiting(trials, [standing.pruned for standing in standings]),
        finalists=tuple(trial.point for trial in ranked(search, epochs, trials)[: search.finalists]) if over else None,
        over=over,
    )


def new_points(search: Search, trials: Sequence[Trial], usable: Usable) -> tuple[list[Mapping[str, Any]], bool]:
    """Points of the trials to be asked for now, and whether the space has no more."""
    told = told_values(search, trials)
    untried = Untried(search, [trial.point for trial in trials], usable)
    for number in range(len(trials), search.ends[-1]):
        needed = max(0, number - search.at_once + 1) if search.sampler == "tpe" else 0
        if needed > len(told):
            break
        if untried.next(told[:needed]) is None:
            return untried.points[len(trials) :], True
    return untried.points[len(trials) :], False


def told_values(search: Search, trials: Sequence[Trial]) -> list[float | None]:
    """What is known of trials 0, 1, ... at their first rung, up to the first of which it is not; less is better."""
    told: list[float | None] = []
    for trial in trials:
        if not trial.told(0):
            break
        told.append(cost(search, trial, 0))
    return told


def cost(search: Search, trial: Trial, rung: int) -> float | None:
    """The trial's value at a rung, turned so that less is better; None where it has none."""
    value = trial.value(rung)
    if value is None or search.metric is None:
        return value
    return -value if better(search.metric) == "higher" else value


def ladder(search: Search, epochs: int, trials: Sequence[Trial], *, complete: bool) -> list[Standing]:
    """What is decided at each rung but the last, whether or not it is done yet.

    Args:
        complete: whether there will be no more trials.
    """
    if search.halving is None:
        return []
    entered = [trial.number for trial in trials]
    closings = {end for end in search.ends if end <= len(trials)} | ({len(trials)} if complete else set())
    standings = []
    for rung in range(len(rungs(search, epochs)) - 1):
        values = {number: cost(search, trials[number], rung) for number in entered if trials[number].told(rung)}
        standings.append(standing(entered, values, factor=search.halving.factor, closings=closings))
        entered, closings = standings[-1].promoted, standings[-1].closings
    return standings


def waiting(trials: Sequence[Trial], decided: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Those of the trials decided at each rung that still wait there."""
    return tuple(number for rung, numbers in enumerate(decided) for number in numbers if trials[number].waits_at(rung))


def ranked(search: Search, epochs: int, trials: Sequence[Trial]) -> list[Trial]:
    """The trials that were trained to the end, best first."""
    last = len(rungs(search, epochs)) - 1
    costs = [(cost(search, trial, last), trial) for trial in trials if trial.state == "succeeded"]
    valued = [(value, trial.number, trial) for value, trial in costs if value is not None]
    return [trial for _, _, trial in sorted(valued, key=lambda entry: entry[:2])]


def best(search: Search, epochs: int, trials: Sequence[Trial]) -> Trial | None:
    """The best of the trials that have come furthest so far."""
    for rung in reversed(range(len(rungs(search, epochs)))):
        valued = [(value, trial.number, trial) for trial in trials if (value := cost(search, trial, rung)) is not None]
        if valued:
            return min(valued, key=lambda entry: entry[:2])[2]
    return None


def seeds_left(search: Search, trained: int) -> list[int]:
    """The seeds that a finalist is still to be trained with.

    Args:
        trained: the seed of its trial, which counts.
    """
    return [seed for seed in search.then_seeds if seed != trained]
