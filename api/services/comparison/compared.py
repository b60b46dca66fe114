"""Sides in numbers: labels, samples by seed, differences, curves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from api.services.comparison import labels
from api.services.comparison.ranking import Sample
from api.services.comparison.statistics import Difference, paired
from api.services.comparison.verdict import Contender, Verdict, main_metric, verdict
from store.comparison import Side
from store.lifecycle.results import GROUPS, MAIN
from store.lifecycle.states import OPEN

OTHER_DATA = "different data: the difference is of the data too"


@dataclass(frozen=True)
class Compared:
    """Sides of a comparison."""

    sides: Sequence[Side]

    @cached_property
    def methods(self) -> list[str]:
        """The method of every side."""
        return [labels.method_of(side.spec) for side in self.sides]

    @cached_property
    def datasets(self) -> list[str]:
        """The data set of every side."""
        return [labels.data_label(side.spec) for side in self.sides]

    @cached_property
    def labels(self) -> list[str]:
        """What every side is called; unique among those of the same data set."""
        plain = [labels.point_label(side.point, method) for side, method in zip(self.sides, self.methods, strict=True)]
        ways = [labels.by_configuration([side.spec for side in self.sides])]
        ways += [labels.by_words([side.job_name for side in self.sides])]
        ways += [labels.by_words([f"seed {side.members[0].seed}" if side.run else "" for side in self.sides])]
        return labels.told_apart(plain, self.datasets, *ways)

    @cached_property
    def titles(self) -> list[str]:
        """The labels, with the data sets where there are several."""
        if len(set(self.datasets)) == 1:
            return self.labels
        return [f"{label} ({dataset})" for label, dataset in zip(self.labels, self.datasets, strict=True)]

    @cached_property
    def configuration(self) -> dict[str, list[Any]]:
        """Path -> value of every side, of what differs."""
        return labels.differing([side.spec for side in self.sides]) if self.sides else {}

    @cached_property
    def metrics(self) -> list[str]:
        """The main metrics that any run has, and their groups of classes."""
        present = set(self.measured)
        return [f"{name}{group}" for name in MAIN for group in GROUPS if f"{name}{group}" in present]

    @cached_property
    def measured(self) -> list[str]:
        """All metrics that any run has at its newest epoch."""
        return sorted({name for side in self.sides for member in side.members for name in member.last_metrics})

    @property
    def main(self) -> str | None:
        """What the sides are judged by."""
        return main_metric(self.metrics)

    def samples(self, metric: str) -> list[Sample]:
        """Values by seed of every side."""
        return [{seed: value for seed, value in side.values(metric) if value is not None} for side in self.sides]

    def pairs(self) -> list[tuple[int, int, str, Difference]]:
        """Places a and b, metric, and a - b, of every two sides."""
        every = {metric: self.samples(metric) for metric in self.metrics}
        return [
            (a, b, metric, paired(samples[a], samples[b]))
            for a, b in combinations(range(len(self.sides)), 2)
            for metric, samples in every.items()
        ]

    def note(self, a: int, b: int, difference: Difference) -> str | None:
        """What a reader of a difference must know."""
        notes = [difference.note, OTHER_DATA if self.datasets[a] != self.datasets[b] else None]
        return "; ".join(note for note in notes if note) or None

    def verdict(self) -> Verdict | None:
        """The verdict on the sides."""
        if self.main is None:
            return None
        parts = zip(self.labels, self.datasets, self.sides, self.samples(self.main), strict=True)
        contenders = [
            Contender(label, dataset, side.point, sample, len(side.members)) for label, dataset, side, sample in parts
        ]
        waiting = any(member.state in OPEN for side in self.sides for member in side.members)
        return verdict(contenders, self.main, waiting=waiting)


@dataclass
class Moments:
    """Number, mean and sum of squared deviations of values seen one by one (Welford)."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        """One more."""
        self.n += 1
        deviation = value - self.mean
        self.mean += deviation / self.n
        self.squares += deviation * (value - self.mean)

    @property
    def std(self) -> float | None:
        """With n - 1, None at n = 1."""
        return float((self.squares / (self.n - 1)) ** 0.5) if self.n > 1 else None


@dataclass(frozen=True)
class Band:
    """A curve over epochs with its spread over seeds."""

    epoch: list[int]
    mean: list[float]
    std: list[float | None]
    n: list[int]


def bands(number: int, scalars: Iterable[tuple[int, int, float]]) -> list[Band]:
    """The bands of so many sides, of side, epoch and value in any order."""
    moments: list[dict[int, Moments]] = [{} for _ in range(number)]
    for place, epoch, value in scalars:
        moments[place].setdefault(epoch, Moments()).add(value)
    ordered = [sorted(each.items()) for each in moments]
    return [
        Band(
            [epoch for epoch, _ in each],
            [moment.mean for _, moment in each],
            [moment.std for _, moment in each],
            [moment.n for _, moment in each],
        )
        for each in ordered
    ]
