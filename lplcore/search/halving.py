"""Asynchronous successive halving (Li et al., MLSys 2020), decided in a fixed order.

At a rung, trials count in the order in which they entered it, not in that in which they reach it. So who goes on
depends on their values alone, however long each of them takes.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from lplcore.search.record import Search


class Standing(NamedTuple):
    """What is decided at a rung so far."""

    promoted: list[int]
    """Trials that go on, in the order in which that was decided."""
    pruned: list[int]
    """Trials that end here."""
    closings: set[int]
    """Numbers of promoted trials at which this rung was closed, thus the next one closes."""


def rungs(search: Search, epochs: int) -> tuple[int, ...]:
    """Epochs after which trials are compared; the last are those of the whole training."""
    if search.halving is None:
        return (epochs,)
    reached, result = search.halving.min_epochs, []
    while reached < epochs:
        result.append(reached)
        reached *= search.halving.factor
    return (*result, epochs)


def standing(
    entered: Sequence[int], values: Mapping[int, float | None], *, factor: int, closings: Set[int]
) -> Standing:
    """Who goes on from a rung: of the first k that entered, the best k // factor, for each k up to the first open one.

    Where the rung closes at least one goes on, and all that do not are pruned: those that enter later, as a search may
    be extended, are compared with the promoted ones and among themselves.

    Args:
        entered: trials in the order in which they entered the rung.
        values: what is known of trials there; less is better, None where a trial has none, which never goes on.
        closings: numbers of entered trials at which the rung closes.
    """
    result = Standing([], [], set())
    ranked: list[tuple[float, int]] = []
    unvalued: list[int] = []
    promoted: set[int] = set()
    for entries, trial in enumerate(entered, start=1):
        if trial not in values:
            break
        closes, value, place = entries in closings, values[trial], len(entered)
        if value is None:
            unvalued.append(trial)
        else:
            place = bisect_left(ranked, (value, trial))
            ranked.insert(place, (value, trial))
        places = min(max(entries // factor, closes), len(ranked))
        best = [ranked[at][1] for at in sorted({place, places - 1}) if 0 <= at < places]
        new = [number for number in best if number not in promoted]
        promoted.update(new)
        result.promoted.extend(new)
        if closes:
            result.closings.add(len(result.promoted))
            result.pruned.extend([number for _, number in ranked if number not in promoted] + unvalued)
            ranked, unvalued = [entry for entry in ranked if entry[1] in promoted], []
    return result
