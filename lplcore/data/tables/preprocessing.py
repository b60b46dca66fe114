"""How rows of a table become features: what was measured on the training rows, kept for rows that come later.

N rows, D features.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, ClassVar, NamedTuple, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from lplcore.data.class_names import tidy
from lplcore.errors import MAX_REPORTED, DatasetError
from lplcore.plugin import quoted

Features: TypeAlias = npt.NDArray[np.float32]
Where: TypeAlias = Callable[[int, str], str]
"""Row and column to words."""
MISSING = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "?"})
"""Texts that stand for no value, in small letters."""
NAMED = 10


class Unreadable(ValueError):
    """A text that is no finite number.

    Attributes:
        place: which of the texts.
    """

    def __init__(self, place: int, reason: str) -> None:
        super().__init__(reason)
        self.place = place


class Infinite(Unreadable):
    """A number that is none of the finite ones."""


class Unfit(NamedTuple):
    """What is wrong with a row."""

    row: int
    column: str
    message: str


def is_missing(text: str) -> bool:
    """Whether a text stands for no value."""
    return text.strip().lower() in MISSING


def numbers(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Texts [N] as numbers, NaN where there is no value.

    Raises:
        Unreadable: one is neither a finite number nor missing.
    """
    try:
        values = np.array(list(map(float, texts)))
    except ValueError:
        values = np.array([number(text, place) for place, text in enumerate(texts)])
    for place in np.flatnonzero(np.isinf(values)).tolist():
        message = f"{texts[place].strip()} is infinite or beyond 1e308; give a finite number or leave it empty"
        raise Infinite(place, message)
    if "_" in "".join(texts):  # which Python takes for a separator of thousands
        place = next(place for place, text in enumerate(texts) if "_" in text)
        raise Unreadable(place, f"expected a number, got {quoted(texts[place])}")
    return values


def number(text: str, place: int) -> float:
    """One text as a number."""
    if is_missing(text):
        return np.nan
    try:
        return float(text)
    except ValueError:
        raise Unreadable(place, f"expected a number, got {quoted(text)}") from None


@dataclass(frozen=True)
class NumberColumn:
    """(value - mean) / deviation in float64, stored as float32; a missing value becomes 0, the mean."""

    kind: ClassVar[str] = "number"

    name: str
    mean: float
    deviation: float
    """Over the training rows; 0 where the column is constant, whose feature is 0 throughout."""
    indicator: bool
    """Whether a second feature says 1 where the value is missing: where training rows lack some."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of what it becomes."""
        return (self.name, *missing_feature(self.name, self.indicator))

    def fill(self, out: Features, texts: Sequence[str]) -> None:
        """Write the features [N, 1 or 2] of texts [N].

        Raises:
            Unreadable: one is no number, or too large.
        """
        values = numbers(texts)
        absent = np.isnan(values)
        with np.errstate(over="ignore"):  # becomes infinite, and is refused as such
            standard = ((values - self.mean) / (self.deviation or np.inf)).astype(np.float32)
        standard[absent] = 0
        for place in np.flatnonzero(np.isinf(standard)).tolist():
            raise Unreadable(place, f"{texts[place].strip()} is too far from the training values; correct it")
        out[:, 0] = standard
        if self.indicator:
            out[:, 1] = absent


@dataclass(frozen=True)
class CategoryColumn:
    """One feature a category, 1 where the row has it; all 0 where the category is not one of training."""

    kind: ClassVar[str] = "category"

    name: str
    categories: tuple[str, ...]
    indicator: bool

    @property
    def features(self) -> tuple[str, ...]:
        """Names of what it becomes."""
        return (*(f"{self.name}={each}" for each in self.categories), *missing_feature(self.name, self.indicator))

    def fill(self, out: Features, texts: Sequence[str]) -> None:
        """Write the features [N, categories and indicator] of texts [N]."""
        place = {category: index for index, category in enumerate(self.categories)}
        out[:] = 0
        for row, text in enumerate(texts):
            if self.indicator and is_missing(text):
                out[row, -1] = 1
            elif (index := place.get(tidy(text))) is not None:
                out[row, index] = 1


Column: TypeAlias = NumberColumn | CategoryColumn


def missing_feature(name: str, indicator: bool) -> tuple[str, ...]:
    """The name of the feature that says where a value is missing."""
    return (f"{name} is missing",) if indicator else ()


@dataclass(frozen=True)
class Preprocessing:
    """What turns rows of a table into features [N, D] float32.

    >>> made = Preprocessing((NumberColumn("age", 40.0, 10.0, True), CategoryColumn("sex", ("f", "m"), False)), ("id",))
    >>> made.features([{"age": 55, "sex": "m"}, {"age": None, "sex": "f"}]).tolist()
    [[1.5, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]]
    """

    columns: tuple[Column, ...]
    left_out: tuple[str, ...]
    """Columns of the table that are no features: the target, the split, identifiers."""

    @property
    def names(self) -> tuple[str, ...]:
        """D names of the features."""
        return tuple(name for column in self.columns for name in column.features)

    def features(self, rows: Sequence[Mapping[str, object]]) -> Features:
        """Features of rows that map names of columns to values; None or an empty text where there is none.

        Raises:
            DatasetError: a column is absent or unknown, or a value is not fit; the message names row (from 1) and
                column.
        """
        features, unfit = self.read(rows)
        if unfit:
            first = unfit[0]
            raise DatasetError("name", f"row {first.row + 1}, column {quoted(first.column)}: {first.message}")
        return features

    def read(self, rows: Sequence[Mapping[str, object]]) -> tuple[Features, list[Unfit]]:
        """Features of rows, and all that is wrong with them, row by row."""
        out, unfit = np.empty((len(rows), len(self.names)), dtype=np.float32), self.unknown(rows)
        for column, place in self.placed():
            texts, wrong = texts_of(rows, column)
            unfit += [*wrong, *filled(out[:, place], texts, column)]
        return out, sorted(unfit, key=lambda each: each.row)

    def placed(self) -> Iterator[tuple[Column, slice]]:
        """The columns, and where their features are."""
        first = 0
        for column in self.columns:
            last = first + len(column.features)
            yield column, slice(first, last)
            first = last

    def of_columns(self, columns: Mapping[str, Sequence[str]], number: int, where: Where) -> Features:
        """Features of the texts in each column, `number` of each."""
        out = np.empty((number, len(self.names)), dtype=np.float32)
        for column, place in self.placed():
            try:
                column.fill(out[:, place], columns[column.name])
            except Unreadable as error:
                raise DatasetError("name", f"{where(error.place, column.name)}: {error}") from None
        return out

    def unknown(self, rows: Sequence[Mapping[str, object]]) -> list[Unfit]:
        """Columns of rows that the table does not have."""
        names = [column.name for column in self.columns]
        known = {*names, *self.left_out}
        found = ((place, str(name)) for place, row in enumerate(rows) for name in row if name not in known)
        return [Unfit(*each, f"is unknown; {likely(each[1], names)}") for each in islice(found, MAX_REPORTED)]

    def to_json(self) -> dict[str, Any]:
        """The same in plain JSON types."""
        columns = [{"kind": column.kind, **asdict(column, dict_factory=plain)} for column in self.columns]
        return {"columns": columns, "left_out": list(self.left_out)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        columns = tuple(column_from(each) for each in data["columns"])
        return cls(columns, tuple(data["left_out"]))


def plain(fields: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Fields in JSON types."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields}


def column_from(data: Mapping[str, Any]) -> Column:
    """A column from its JSON form."""
    fields = dict(data)
    if fields.pop("kind") == CategoryColumn.kind:
        return CategoryColumn(**{**fields, "categories": tuple(fields["categories"])})
    return NumberColumn(**fields)


def texts_of(rows: Sequence[Mapping[str, object]], column: Column) -> tuple[list[str], list[Unfit]]:
    """A column of rows as the table would hold it, empty where something is wrong, and that."""
    texts, unfit = [""] * len(rows), list[Unfit]()
    for place, row in enumerate(rows):
        try:
            texts[place] = as_text(row[column.name], column, place)
        except KeyError:
            unfit.append(Unfit(place, column.name, "is absent; give null where its value is unknown"))
        except Unreadable as error:
            unfit.append(Unfit(place, column.name, str(error)))
    return texts, unfit


def filled(out: Features, texts: Sequence[str], column: Column) -> list[Unfit]:
    """Write a column's features; what is wrong with its texts, each looked at alone where one is."""
    try:
        column.fill(out, texts)
    except Unreadable as error:
        if len(texts) == 1:
            return [Unfit(0, column.name, str(error))]
        alone = [(place, filled(out[:1], [text], column)) for place, text in enumerate(texts)]
        return [each._replace(row=place) for place, unfit in alone for each in unfit]
    return []


def as_text(value: object, column: Column, place: int) -> str:
    """A value as the table would hold it.

    Raises:
        Unreadable: it is neither a text, a number, true, false nor null.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        if isinstance(column, NumberColumn):
            return str(int(value))
        return next((each for each in column.categories if each.lower() == str(value).lower()), str(value))
    if not isinstance(value, str | int | float):
        raise Unreadable(place, f"expected a text, a number, true, false or null, got {quoted(value)}")
    return str(value)


def likely(name: str, names: Sequence[str]) -> str:
    """The column that was likely meant, else the first few."""
    close = difflib.get_close_matches(name[:100], names, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names[:NAMED])}"
