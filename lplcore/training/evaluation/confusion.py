"""Which classes are taken for which: only the cells that have examples, as all C * C may not fit."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
MOST_OF_A_MATRIX = 1000
"""Classes up to which a run's confusion is kept as a matrix; beyond, as a row per cell that has examples."""


@dataclass(frozen=True)
class Confusion:
    """Examples by true and predicted class: K cells that have some, of C * C."""

    num_classes: int
    cells: Counts
    """[K] true class * C + predicted class, ascending."""
    counts: Counts
    """[K] examples."""

    @classmethod
    def of_examples(cls, cells: Counts, num_classes: int) -> Self:
        """From the cell of every example [N]."""
        return cls(num_classes, *np.unique(cells, return_counts=True))

    @classmethod
    def of_matrix(cls, matrix: Counts) -> Self:
        """From [C, C] examples by true (rows) and predicted class."""
        cells = np.flatnonzero(matrix)
        return cls(len(matrix), cells, matrix.reshape(-1)[cells])

    @property
    def true(self) -> Counts:
        """[K] true class of every cell."""
        return self.cells // self.num_classes

    @property
    def predicted(self) -> Counts:
        """[K] predicted class of every cell."""
        return self.cells % self.num_classes

    @cached_property
    def examples(self) -> Counts:
        """[C] examples of every class."""
        return self._summed(self.true, self.counts)

    @cached_property
    def predictions(self) -> Counts:
        """[C] examples taken for every class."""
        return self._summed(self.predicted, self.counts)

    @cached_property
    def hits(self) -> Counts:
        """[C] examples of every class that are taken for it."""
        return self._summed(self.true, np.where(self.true == self.predicted, self.counts, 0))

    @property
    def matrix(self) -> Counts:
        """[C, C] examples by true (rows) and predicted class."""
        cells = np.zeros(self.num_classes**2, dtype=np.int64)
        cells[self.cells] = self.counts
        return cells.reshape(self.num_classes, self.num_classes)

    def series(self) -> dict[str, npt.NDArray[np.float32]]:
        """By name: the matrix [C, C], or with many classes rows [K, 3] of true class, predicted class and examples."""
        if self.num_classes <= MOST_OF_A_MATRIX:
            return {"confusion_matrix": self.matrix.astype(np.float32)}
        rows = np.stack([self.true, self.predicted, self.counts], axis=1)
        return {"confusion_entries": rows.astype(np.float32)}

    def _summed(self, classes: Counts, counts: Counts) -> Counts:
        sums = np.zeros(self.num_classes, dtype=np.int64)
        np.add.at(sums, classes, counts)
        return sums
