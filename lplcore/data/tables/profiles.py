"""What is measured of a column on the training rows, block by block: its kind, its categories, mean and deviation."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lplcore.data.class_names import MAX_NAME, fits, in_natural_order, tidy
from lplcore.data.tables.preprocessing import (
    CategoryColumn,
    Column,
    Infinite,
    NumberColumn,
    Unreadable,
    is_missing,
    numbers,
)
from lplcore.data.tables.rows import Block, Table
from lplcore.errors import DatasetError
from lplcore.plugin import quoted

MOST_CATEGORIES = 50
SAMPLED = 10_000
"""Training values by which a column of texts is taken for an identifier."""
IDENTIFIER = 0.9
"""Share of them that are distinct from which it is one."""
FEWEST = 20
"""Rows from which a column is taken for their numbers or identifiers."""
BoolArray = npt.NDArray[np.bool_]


class Moments:
    """Number, mean, variance and range of values that come in blocks (Chan, Golub and LeVeque, 1983)."""

    def __init__(self) -> None:
        self.number, self.mean, self.squares = 0, 0.0, 0.0
        self.low, self.high = np.inf, -np.inf

    def add(self, values: npt.NDArray[np.float64]) -> None:
        """Take in a block."""
        if not len(values):
            return
        total = self.number + len(values)
        with np.errstate(over="ignore", invalid="ignore"):  # refused when the column is complete
            mean = values.mean()
            apart = mean - self.mean
            self.squares += ((values - mean) ** 2).sum() + apart**2 * self.number * len(values) / total
            self.mean += apart * len(values) / total
        self.number = total
        self.low, self.high = min(self.low, values.min()), max(self.high, values.max())

    @property
    def deviation(self) -> float:
        """Standard deviation of the population; 0 where all values are the same."""
        return float(np.sqrt(self.squares / self.number)) if self.high > self.low else 0.0


class Profile:
    """A column of a table, of which no value is kept but its first distinct ones.

    Attributes:
        missing: rows without a value, of all splits.
        missing_train: of the training split.
    """

    def __init__(self, table: Table, place: int) -> None:
        self.table, self.place, self.name = table, place, table.names[place]
        self.rows, self.missing, self.missing_train = 0, 0, 0
        self.moments = Moments()
        self.texts: dict[str, int] = {}
        """Distinct training texts, with the line of the first."""
        self.present, self.sampled, self.distinct = 0, 0, 0
        self.odd: tuple[int, str] | None = None
        """Line and text of the first training value that is no number."""
        self.counts_rows, self.last = True, np.nan

    def add(self, block: Block, training: BoolArray) -> None:
        """Take in the column's texts of a block, of which some are training rows."""
        texts, lines = block.columns[self.place], block.lines
        self.rows += len(texts)
        absent = self.add_numbers(texts, lines, training) if self.odd is None else None
        if absent is None:
            absent = np.array([is_missing(text) for text in texts])
        self.missing += int(absent.sum())
        self.missing_train += int(absent[training].sum())
        self.add_texts(texts, lines, training & ~absent)

    def add_numbers(self, texts: Sequence[str], lines: Sequence[int], training: BoolArray) -> BoolArray | None:
        """Take in texts as numbers, as long as those of training rows are.

        Returns:
            Which are missing, None where some text is no number.
        """
        try:
            values = numbers(texts)
        except Infinite as error:
            raise DatasetError("name", f"{self.table.where(lines[error.place], self.name)}: {error}") from None
        except Unreadable:
            self.counts_rows = False
            self.add_training_numbers(texts, lines, np.flatnonzero(training))
            return None
        absent = np.isnan(values)
        self.follow(values)
        self.moments.add(values[training & ~absent])
        return absent

    def add_training_numbers(self, texts: Sequence[str], lines: Sequence[int], places: npt.NDArray[np.intp]) -> None:
        """Take in the texts of training rows, where another split's are no numbers."""
        try:
            values = numbers([texts[place] for place in places])
        except Unreadable as error:
            place = int(places[error.place])
            self.odd = lines[place], texts[place]
            return
        self.moments.add(values[~np.isnan(values)])

    def follow(self, values: npt.NDArray[np.float64]) -> None:
        """See whether the column still counts the rows, from 0 or 1."""
        if self.counts_rows and len(values):
            begins = values[0] in (0, 1) if np.isnan(self.last) else values[0] == self.last + 1
            self.counts_rows, self.last = bool(begins and (np.diff(values) == 1).all()), values[-1]

    def add_texts(self, texts: Sequence[str], lines: Sequence[int], wanted: BoolArray) -> None:
        """Note the distinct texts, as long as they are few or the sample is small."""
        places = np.flatnonzero(wanted).tolist()
        self.present += len(places)
        if self.sampled < SAMPLED or len(self.texts) <= MOST_CATEGORIES:
            for place in places:
                self.texts.setdefault(tidy(texts[place]), lines[place])
        if self.sampled < SAMPLED:
            self.sampled, self.distinct = self.present, len(self.texts)

    @property
    def left_out(self) -> str | None:
        """Why the column is no feature, None where it is one."""
        if not self.name:
            return "has no name"
        if self.odd is None and self.counts_rows and self.rows >= FEWEST and not self.missing:
            return "counts the rows"
        enough = self.present >= FEWEST
        if self.odd is not None and enough and self.distinct >= IDENTIFIER * self.sampled:
            return f"looks like an identifier ({self.distinct} texts in {self.sampled} rows)"
        return None

    def column(self) -> Column:
        """What the column becomes.

        Raises:
            DatasetError: it is neither numbers nor a few categories.
        """
        if self.odd is None:
            return self.of_numbers()
        if len(self.texts) > MOST_CATEGORIES:
            line, text = self.odd
            message = f"{quoted(text)} is no number, and more than {MOST_CATEGORIES} distinct texts are no categories"
            remedy = "write numbers with a decimal point and without units, merge rare categories, or remove the column"
            raise DatasetError("name", f"{self.table.where(line, self.name)}: {message}; {remedy}")
        for text, line in self.texts.items():
            if not fits(text):
                message = f"a category has 1 to {MAX_NAME} printable characters, got {quoted(text)}; rename it"
                raise DatasetError("name", f"{self.table.where(line, self.name)}: {message}")
        return CategoryColumn(self.name, in_natural_order(self.texts), self.missing_train > 0)

    def of_numbers(self) -> NumberColumn:
        """Numbers, standardised by the training rows."""
        mean, deviation = float(self.moments.mean), self.moments.deviation
        if not np.isfinite([mean, deviation]).all():
            message = f"column {quoted(self.name)}: its values are too large to be averaged; rescale them"
            raise DatasetError("name", f"{self.table.path.name}: {message}")
        return NumberColumn(self.name, mean, deviation, self.missing_train > 0)
