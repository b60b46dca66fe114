"""Confusions of runs: only the cells that have examples, as all C * C may not fit. C classes, K cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from api.services.series import MATRIX, array
from store.database.records import Series

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """Test examples by true and predicted class."""

    classes: int
    true: Places
    predicted: Places
    """[K] places of classes."""
    counts: Places
    """[K] examples."""

    @property
    def examples(self) -> Places:
        """[C] examples of each class."""
        return self._summed(self.true)

    @property
    def predictions(self) -> Places:
        """[C] examples taken for each class."""
        return self._summed(self.predicted)

    @property
    def hits(self) -> Places:
        """[C] examples of each class that are taken for it."""
        return self._summed(self.true, self.true == self.predicted)

    def figures(self) -> dict[str, Floats]:
        """Precision, recall and F1 of each class [C]; NaN where nothing is divided by nothing."""
        return {
            "precision": ratio(self.hits, self.predictions),
            "recall": ratio(self.hits, self.examples),
            "f1": ratio(2 * self.hits, self.examples + self.predictions),
        }

    def _summed(self, places: Places, among: npt.NDArray[np.bool_] | None = None) -> Places:
        counts = self.counts if among is None else np.where(among, self.counts, 0)
        return np.bincount(places, weights=counts, minlength=self.classes).astype(np.int64)


@dataclass(frozen=True)
class Pair:
    """Test examples of one class that are taken for another, by the classes' places; `share` is of the true class's."""

    true: int
    predicted: int
    count: int
    share: float


def cells_of(name: str, series: Series, classes: int) -> Cells | None:
    """A stored confusion, a matrix or its entries; None where it is not of so many classes."""
    values = array(series)
    if name == MATRIX:
        true, predicted = np.nonzero(values > 0)
        cells = Cells(classes, true, predicted, values[true, predicted].astype(np.int64))
    else:
        cells = Cells(classes, *values.T.astype(np.int64))
    outside = max(cells.true.max(initial=-1), cells.predicted.max(initial=-1)) >= classes
    return None if outside or (name == MATRIX and len(values) != classes) else cells


def pooled(each: Sequence[Cells]) -> Cells | None:
    """The sum of confusions of the same classes; None of none."""
    if not each:
        return None
    size = each[0].classes
    codes = np.concatenate([cells.true * size + cells.predicted for cells in each])
    distinct, inverse = np.unique(codes, return_inverse=True)
    counts = np.bincount(inverse, weights=np.concatenate([cells.counts for cells in each])).astype(np.int64)
    return Cells(size, distinct // size, distinct % size, counts)


def confused(cells: Cells | None, most: int, *, by_class: bool = False) -> list[Pair]:
    """The pairs of different classes with most examples, largest first.

    Args:
        most: of all, or of each true class.
        by_class: whether those of each true class are asked for; they come class by class.
    """
    if cells is None:
        return []
    wrong = np.flatnonzero(cells.true != cells.predicted)
    true, predicted, counts = cells.true[wrong], cells.predicted[wrong], cells.counts[wrong]
    order = np.lexsort((predicted, -counts, true) if by_class else (predicted, true, -counts))
    if by_class:
        firsts = np.searchsorted(true[order], true[order])
        order = order[np.arange(len(order)) - firsts < most]
    else:
        order = order[:most]
    examples = cells.examples
    rows = zip(true[order].tolist(), predicted[order].tolist(), counts[order].tolist(), strict=True)
    return [Pair(a, b, n, n / int(examples[a])) for a, b, n in rows]


def ratio(part: Places, whole: Places) -> Floats:
    """part / whole, NaN where whole is zero."""
    result: Floats = np.full(len(whole), np.nan)
    np.divide(part, whole, out=result, where=whole != 0)
    return result
