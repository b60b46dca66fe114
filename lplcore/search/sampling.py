"""The points of trials. That of trial n depends on the sampler's seed, on n and, for tpe, on the values it is told."""

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from lplcore.randomness import draw_seed
from lplcore.search.record import Range, Search, Values, key

Point = Mapping[str, Any]
Usable = Callable[[Point], bool]

DRAWS = 100
"""Proposals of one trial; a search whose proposals are all refused, or repeat earlier points, has no more trials."""
SHUFFLED = 100_000
"""Points of the largest space that random trials take in a shuffled order; of larger ones they draw."""
STARTUP = 10
"""Values that tpe needs; trials before are random ones."""
TOLD = 500
"""Values that tpe is told at most: the best, as many as it calls good, and the newest."""
GOOD = 25


class Untried:
    """Gives the points of a search's trials in their order, each once.

    Args:
        points: of the trials that there are.
        usable: whether a point can be trained.
    """

    def __init__(self, search: Search, points: Sequence[Point], usable: Usable) -> None:
        self.search, self.points, self.usable = search, list(points), usable
        self._seen = {key(point) for point in points}
        self._in_order = in_order(search)

    def next(self, told: Sequence[float | None]) -> Point | None:
        """The point of the next trial, None where the space is exhausted.

        Args:
            told: the values of trials 0, 1, ...; less is better, None where a trial has none. Only tpe looks at them.
        """
        if self.search.size is not None and len(self.points) >= self.search.size:
            return None
        for point in self._candidates(told):
            text = key(point)
            if text in self._seen:
                continue
            self._seen.add(text)
            if self.usable(point):
                self.points.append(point)
                return point
        return None

    def _candidates(self, told: Sequence[float | None]) -> Iterable[Point]:
        number = len(self.points)
        if self.search.sampler == "tpe" and sum(value is not None for value in told) >= STARTUP:
            tpe = importlib.import_module("lplcore.search.tpe")  # Optuna takes a second, and not every search needs it
            values = dict(newest_and_best(told))
            trials = [(self.points[n], values.get(n)) for n in range(number) if n in values or n >= len(told)]
            seed = draw_seed(self.search.seed, "tpe", number)
            return chain(tpe.proposals(self.search, trials, seed=seed, number=DRAWS), self._in_order or ())
        return self._in_order or (drawn(self.search, number, attempt) for attempt in range(DRAWS))


def in_order(search: Search) -> Iterator[Point] | None:
    """All points, as a sweep has them or, for other samplers, shuffled; None where there are too many."""
    size = search.size
    if size is not None and search.sampler == "grid":
        return (search.point(index) for index in range(size))
    if size is not None and size <= SHUFFLED:
        return (search.point(index) for index in shuffled(size, search.seed))
    return None


@lru_cache(maxsize=8)
def shuffled(size: int, seed: int) -> list[int]:
    """The numbers below `size` in an order of the seed, the same on every machine."""
    return sorted(range(size), key=lambda index: draw_seed(seed, "shuffled", index))


def drawn(search: Search, number: int, attempt: int) -> Point:
    """A random point of a trial."""
    return {
        field: value_at(values, draw_seed(search.seed, "random", number, attempt, place) / 2**63)
        for place, (field, values) in enumerate(search.space.items())
    }


def value_at(values: Values, share: float) -> Any:
    """The value that a share, in [0, 1), of a field's values stands for."""
    if isinstance(values, Range):
        return values.drawn(share)
    return values[min(int(share * len(values)), len(values) - 1)]


def newest_and_best(told: Sequence[float | None]) -> list[tuple[int, float]]:
    """(number, value) of the trials that tpe is told: with many, its time grows, and old bad ones count little."""
    valued = [(number, value) for number, value in enumerate(told) if value is not None]
    if len(valued) <= TOLD:
        return valued
    best = sorted(valued, key=lambda entry: (entry[1], entry[0]))[:GOOD]
    numbers = {number for number, _ in best}
    rest = [entry for entry in valued if entry[0] not in numbers]
    return sorted([*best, *rest[GOOD - TOLD :]])
