"""Target and split of every row of a table. N rows, C classes."""

import hashlib
from array import array
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lplcore.data.class_names import MAX_NAME, fits, in_natural_order, tidy
from lplcore.data.tables.preprocessing import is_missing, likely
from lplcore.data.tables.rows import Table
from lplcore.errors import DatasetError
from lplcore.plugin import quoted

TARGETS = ("target", "label", "class", "y")
SPLIT = "split"
SPLITS = {"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "test": 2, "testing": 2}
TRAIN, VALIDATION, TEST = range(3)
MAX_CLASSES = 1000
TEST_SHARE = 5
"""One of so many rows of a class is a test row where a table has no splits."""
OWN_SPLIT = "there is no split column: a fifth of each class, by the hash of its rows, is the test split"
VALIDATION_IS_TEST = "there are no test rows: those of val are the test split, and nothing is left to validate"
IntArray = npt.NDArray[np.int64]


class LabelledRows(NamedTuple):
    """What is known of the rows before their features."""

    classes: tuple[str, ...]
    labels: IntArray
    """[N]"""
    splits: npt.NDArray[np.int8]
    """[N], of TRAIN, VALIDATION and TEST."""
    notes: tuple[str, ...]


def target_of(table: Table, wanted: str | None, split: str | None) -> tuple[str, tuple[str, ...]]:
    """The column of the labels, and a note where nobody named it.

    Raises:
        DatasetError: there is no such column.
    """
    if wanted is not None:
        return column_named(table, wanted, "target"), ()
    names = [name for name in table.names if name and name != split]
    usual = [name for name in names if name.lower() in TARGETS]
    if len(usual) == 1:
        return usual[0], (f"the target is column {usual[0]!r}, by its name",)
    return names[-1], (f"the target is column {names[-1]!r}, the last one; name another one as target",)


def split_of(table: Table, wanted: str | None, target: str | None) -> str | None:
    """The column of the splits, None where there is none."""
    if wanted is not None:
        return column_named(table, wanted, "split")
    return next((name for name in table.names if name.lower() == SPLIT and name != target), None)


def column_named(table: Table, wanted: str, field: str) -> str:
    """The name as the header has it.

    Raises:
        DatasetError: it has none such.
    """
    name = tidy(wanted)
    if name not in table.names or not name:
        message = f"{table.path.name} has no column {quoted(wanted)}; {likely(name, [n for n in table.names if n])}"
        raise DatasetError(field, message)
    return name


def labelled_rows(table: Table, target: str, split: str | None) -> LabelledRows:
    """Class and split of every row.

    Raises:
        DatasetError: a label or a split is not fit; the message names line and column.
    """
    texts = Texts(table, target)
    splits, hashes = array("b"), array("Q")
    target_place = table.names.index(target)
    split_place = None if split is None else table.names.index(split)
    for block in table.blocks():
        texts.add(block.columns[target_place], block.lines)
        if split_place is None or split is None:
            hashes.extend(map(hashed, zip(*block.columns, strict=True)))
        else:
            splits.extend(split_numbers(table, split, block.columns[split_place], block.lines))
    if not texts.codes:
        raise DatasetError("name", f"{table.path.name} has a header, but no rows; add some")
    classes, labels = texts.classes()
    if split is None:
        return LabelledRows(classes, labels, own_split(labels, np.frombuffer(hashes, dtype=np.uint64)), (OWN_SPLIT,))
    chosen, notes = given_split(table, np.frombuffer(splits, dtype=np.int8).copy())
    refuse_untrained(texts, classes, labels, chosen)
    return LabelledRows(classes, labels, chosen, notes)


class Texts:
    """The target's texts, each distinct one kept once."""

    def __init__(self, table: Table, target: str) -> None:
        self.table, self.target = table, target
        self.codes, self.known = array("q"), dict[str, int]()
        self.lines = list[int]()
        """Of the first row with each."""

    def add(self, texts: Sequence[str], lines: Sequence[int]) -> None:
        """Take in the texts of a block."""
        for text, line in zip(texts, lines, strict=True):
            code = self.known.get(text)
            if code is None:
                code = self.known[text] = len(self.known)
                self.lines.append(line)
                self.refuse_unfit(text, line)
            self.codes.append(code)
        if len(self.known) > 2 * MAX_CLASSES:
            self.classes()

    def refuse_unfit(self, text: str, line: int) -> None:
        """A row without label, or with one that is no name."""
        where = self.table.where(line, self.target)
        if is_missing(text):
            raise DatasetError("name", f"{where}: no label; give the row one or remove it")
        if not fits(tidy(text)):
            message = f"a label has 1 to {MAX_NAME} printable characters, got {quoted(text)}; rename it"
            raise DatasetError("name", f"{where}: {message}")

    def classes(self) -> tuple[tuple[str, ...], IntArray]:
        """The classes in order, and the class [N] of every row.

        Raises:
            DatasetError: the labels are continuous, too many or all the same.
        """
        names = self.names()
        distinct = set(names.values())
        if len(distinct) > MAX_CLASSES:
            message = f"more than {MAX_CLASSES} distinct labels; name another column as target, or group them"
            raise DatasetError("target", f"column {quoted(self.target)}: {message}")
        if len(distinct) < 2:
            message = f"all rows have the label {quoted(next(iter(distinct)))}; at least two classes are needed"
            raise DatasetError("target", f"column {quoted(self.target)}: {message}")
        whole = all(isinstance(name, int) for name in distinct)
        ordered = sorted(distinct) if whole else in_natural_order(map(str, distinct))
        place = {str(name): index for index, name in enumerate(ordered)}
        indices = np.array([place[str(names[text])] for text in self.known], dtype=np.int64)
        return tuple(map(str, ordered)), indices[np.frombuffer(self.codes, dtype=np.int64)]

    def names(self) -> Mapping[str, str | int]:
        """The class that each text stands for: whole numbers where all are, so that 1 and 1.0 are one."""
        try:
            values = {text: float(text) for text in self.known}
        except ValueError:
            return {text: tidy(text) for text in self.known}
        odd = next((text for text, value in values.items() if not value.is_integer()), None)
        if odd is not None:
            where = self.table.where(self.lines[self.known[odd]], self.target)
            message = f"{quoted(odd)} is no class: the target is continuous; group its values into classes"
            raise DatasetError("target", f"{where}: {message}, or name another column as target")
        return {text: int(value) for text, value in values.items()}


def hashed(row: Sequence[str]) -> int:
    """What orders rows at random, by what they hold alone: equal rows stand together."""
    content = "\x1f".join(row).encode()
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def own_split(labels: IntArray, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.int8]:
    """[N] the same split every time, of each class with two or more rows at least one of both.

    A row that is added moves at most one of the others.
    """
    splits = np.full(len(labels), TRAIN, dtype=np.int8)
    order = np.lexsort((hashes, labels))
    counts = np.bincount(labels)
    number = np.where(counts > 1, np.maximum(1, np.rint(counts / TEST_SHARE)), 0).astype(np.int64)
    place = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    splits[order[place < np.repeat(number, counts)]] = TEST
    return splits


def split_numbers(table: Table, split: str, texts: Sequence[str], lines: Sequence[int]) -> list[int]:
    """The splits that texts name."""
    numbers = [SPLITS.get(text.strip().lower(), -1) for text in texts]
    if -1 in numbers:
        place = numbers.index(-1)
        where = table.where(lines[place], split)
        message = f"unknown split {quoted(texts[place])}; give one of train, val, test"
        raise DatasetError("split", f"{where}: {message}, or rename the column if it is a feature")
    return numbers


def given_split(table: Table, splits: npt.NDArray[np.int8]) -> tuple[npt.NDArray[np.int8], tuple[str, ...]]:
    """The splits that the table names, of which one must be train."""
    if not (splits == TRAIN).any():
        raise DatasetError("split", f"{table.path.name} has no row whose split is train; add training rows")
    if (splits == VALIDATION).any() and not (splits == TEST).any():
        splits[splits == VALIDATION] = TEST
        return splits, (VALIDATION_IS_TEST,)
    return splits, ()


def refuse_untrained(texts: Texts, classes: Sequence[str], labels: IntArray, splits: npt.NDArray[np.int8]) -> None:
    """A class that no training row has."""
    trained = np.bincount(labels[splits == TRAIN], minlength=len(classes))
    for index in np.flatnonzero(trained == 0).tolist():
        code = texts.codes[int(np.flatnonzero(labels == index)[0])]
        where = texts.table.where(texts.lines[code], texts.target)
        message = f"no training row has the label {quoted(classes[index])}; move some there, or remove its rows"
        raise DatasetError("name", f"{where}: {message}")
