"""What figures of classes show: means over the runs of a side, classes by descending count. C classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from api.services.comparison.compared import Compared
from api.services.comparison.ranking import lower_is_better
from api.services.series import MATRIX, array
from store import comparison
from store.database.engine import Session
from store.database.records import Series
from store.metrics import CONFUSION

Floats = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.int64]
MOST_BARS, BINS = 500, 100
"""Above so many classes they are shown in so many bins, each the mean of its classes."""
MOST_CELLS = 200
"""Classes up to which a matrix is shown cell by cell."""
MOST_MATRICES = 10
"""Runs of a side whose matrices are added: each may have a million numbers."""


@dataclass(frozen=True)
class Classes:
    """A side's classes in order of descending count: names, training counts [C], and what was measured of them [C]."""

    place: int
    runs: int
    names: list[str]
    counts: Floats
    values: dict[str, Floats]


@dataclass(frozen=True)
class Matrix:
    """A side's confusion as shares of the true class, rows true; bins of classes where there are many."""

    place: int
    runs: int
    names: list[str]
    shares: Floats
    binned: bool


def shown(compared: Compared, most: int) -> list[int]:
    """Places of the sides that a figure has room for: the best by the main metric, in their order."""
    places = list(range(len(compared.sides)))
    if len(places) <= most or compared.main is None:
        return places[:most]
    sign = 1.0 if lower_is_better(compared.main) else -1.0
    samples = compared.samples(compared.main)
    means = {place: sign * float(np.mean(list(samples[place].values()))) for place in places if samples[place]}
    return sorted(sorted(places, key=lambda place: means.get(place, np.inf))[:most])


def classes_of(
    session: Session, compared: Compared, places: Sequence[int], names: Sequence[str], *, epoch: int | None
) -> list[Classes]:
    """The classes of every side that has one of the series, at the newest epoch of each run or at the one asked for."""
    owners = {run: place for place in places for run in compared.sides[place].learning}
    sums: dict[int, dict[str, tuple[Floats, Floats]]] = {}
    runs: dict[int, set[str]] = {}
    for run, name, series in comparison.class_arrays(session, list(owners), names, epoch=epoch):
        values = array(series).astype(np.float64)
        total, number = sums.setdefault(owners[run], {}).setdefault(
            name, (np.zeros(len(values)), np.zeros(len(values)))
        )
        if total.shape == values.shape:
            defined = np.isfinite(values)
            total[defined] += values[defined]
            number += defined
            runs.setdefault(owners[run], set()).add(run)
    first = {place: next(iter(each)) for place, each in runs.items()}
    facts = comparison.class_facts(session, list(first.values()))
    return [described(place, len(runs[place]), facts[first[place]], sums[place]) for place in places if place in first]


def described(place: int, runs: int, facts: comparison.Facts, sums: dict[str, tuple[Floats, Floats]]) -> Classes:
    """A side's classes from sums and numbers over its runs."""
    size = len(next(iter(sums.values()))[0])
    names, counts, order = ordered(facts, size)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = {name: (total / number)[order] for name, (total, number) in sums.items()}
    return Classes(place, runs, names, counts, values)


def ordered(facts: comparison.Facts, size: int) -> tuple[list[str], Floats, Ranks]:
    """Names and counts of classes by descending count, and their order; as they come where the counts are not known."""
    counts, names = facts.get("class_counts", []), facts.get("class_names", [])
    numbers = np.asarray(counts if len(counts) == size else np.zeros(size), dtype=np.float64)
    order = np.argsort(-numbers, kind="stable")
    labels = [str(names[c]) if len(names) == size else str(c) for c in order]
    return labels, numbers[order], order


def binned(values: Floats) -> tuple[Floats, Floats]:
    """Edges [B + 1] and heights [B] of bars: one a class, or of bins of classes where there are very many."""
    size = len(values)
    if size <= MOST_BARS:
        return np.arange(size + 1, dtype=np.float64) + 0.5, values
    edges = np.linspace(0, size, BINS + 1).round().astype(np.int64)
    defined = np.isfinite(values)
    total = np.add.reduceat(np.where(defined, values, 0.0), edges[:-1])
    number = np.add.reduceat(defined.astype(np.float64), edges[:-1])
    with np.errstate(invalid="ignore", divide="ignore"):
        heights: Floats = total / number
    return edges.astype(np.float64) + 0.5, heights


def matrices_of(session: Session, compared: Compared, places: Sequence[int], *, epoch: int | None) -> list[Matrix]:
    """The confusion of every side that has one, added over its runs."""
    runs = {place: compared.sides[place].learning[:MOST_MATRICES] for place in places}
    owners = {run: place for place in places for run in runs[place]}
    facts = comparison.class_facts(session, [each[0] for each in runs.values() if each])
    orders = {owners[run]: ordered(known, len(known.get("class_names", []))) for run, known in facts.items()}
    bins = {place: bins_of(order) for place, (_, _, order) in orders.items()}
    sums = {place: np.zeros((each.max(initial=-1) + 1,) * 2) for place, each in bins.items()}
    counted = dict.fromkeys(places, 0)
    for run, name, series in comparison.class_arrays(session, list(owners), CONFUSION, epoch=epoch):
        place = owners[run]
        if len(bins[place]):
            add_confusion(sums[place], bins[place], name, series)
            counted[place] += 1
    return [
        Matrix(place, counted[place], orders[place][0], shares_of(sums[place]), len(sums[place]) < len(bins[place]))
        for place in places
        if counted[place]
    ]


def bins_of(order: Ranks) -> Ranks:
    """[C] the row of every class: its rank, or the bin of its rank where there are many classes."""
    size = len(order)
    ranks = np.empty(size, dtype=np.int64)
    ranks[order] = np.arange(size)
    return ranks if size <= MOST_CELLS else ranks * BINS // size


def add_confusion(total: Floats, bins: Ranks, name: str, series: Series) -> None:
    """Add a run's confusion, a matrix or the entries of one."""
    values = array(series)
    if name == MATRIX:
        true, predicted = np.nonzero(values)
        count = values[true, predicted]
    else:
        true, predicted, count = values[:, 0].astype(np.int64), values[:, 1].astype(np.int64), values[:, 2]
    np.add.at(total, (bins[true], bins[predicted]), count)


def shares_of(total: Floats) -> Floats:
    """Rows as shares of their sum; NaN where a class has no test example."""
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: Floats = total / total.sum(axis=1, keepdims=True)
    return shares
