"""A CSV table as a data set of features. N rows, D features."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lplcore.data.data_files import MAX_ARRAY_BYTES
from lplcore.data.info import MissingValues, TableFacts
from lplcore.data.raw import RawData
from lplcore.data.tables.labels import TEST, TRAIN, VALIDATION, LabelledRows, labelled_rows, split_of, target_of
from lplcore.data.tables.preprocessing import CategoryColumn, Features, NumberColumn, Preprocessing
from lplcore.data.tables.profiles import Profile
from lplcore.data.tables.rows import Table, table_at
from lplcore.errors import DatasetError
from lplcore.plugin import quoted

MAX_FEATURES = 100_000
NAMED = 10
SHOWN_CLASSES, SHOWN_COLUMNS, SHOWN_TEXT = 12, 12, 80
SINGLE_LABEL = "a table has one label a row, in its target column; leave the task out, or register an .npz"
CHANGED = "has changed while it was read; register it once it is complete"


def read_table(path: Path, *, task: str | None = None, target: str | None = None, split: str | None = None) -> RawData:
    """A CSV file with a header as features; it is read three times, in blocks.

    Args:
        path: the file.
        task: what the labels are meant as; single_label, or None.
        target: the column of the labels; by default the one called target, label, class or y, else the last one.
        split: the column that says train, val or test; by default the one called split, else a fifth is for tests.

    Raises:
        DatasetError: it cannot be read so; the message names line and column, and the remedy.
    """
    if task == "multi_label":
        raise DatasetError("task", f"{path.name}: {SINGLE_LABEL}")
    table = table_at(path)
    split = split_of(table, split, target)
    target, notes = target_of(table, target, split)
    if target == split:
        raise DatasetError("split", f"column {quoted(target)} cannot be both target and split; name another one")
    rows = labelled_rows(table, target, split)
    profiles = profiled(table, rows, leaving_out={target, split})
    features, left_out = features_of(table, profiles)
    preprocessing = Preprocessing(features, (*(name for name in (target, split) if name is not None), *left_out))
    x = features_by_split(table, rows, preprocessing)
    y = [rows.labels[rows.splits == each] for each in (TRAIN, VALIDATION, TEST)]
    noted = (*notes, *rows.notes, *notes_of(table, profiles, preprocessing), *unknown_categories(preprocessing, x))
    return RawData(
        classes=rows.classes,
        x_train=x[TRAIN],
        y_train=y[TRAIN],
        x_test=x[TEST],
        y_test=y[TEST],
        x_validation=x[VALIDATION] if len(y[VALIDATION]) else None,
        y_validation=y[VALIDATION] if len(y[VALIDATION]) else None,
        notes=noted,
        table=TableFacts(
            target, split, preprocessing.to_json(), missing_values(profiles), examples_of(table, rows, profiles)
        ),
    )


def content_hash(sha256: str, target: str | None, split: str | None) -> str:
    """sha256 of a table: of its file's sha256 and of which columns are target and split."""
    return hashlib.sha256(json.dumps([sha256, target, split]).encode()).hexdigest()


def profiled(table: Table, rows: LabelledRows, *, leaving_out: set[str | None]) -> list[Profile]:
    """What is measured of every other column."""
    profiles = [Profile(table, place) for place, name in enumerate(table.names) if name not in leaving_out]
    first = 0
    for block in table.blocks():
        splits = rows.splits[first : first + len(block.lines)]
        refuse_changed(table, len(splits) == len(block.lines))
        first += len(block.lines)
        for profile in profiles:
            profile.add(block, splits == TRAIN)
    refuse_changed(table, first == len(rows.labels))
    return profiles


def features_of(table: Table, profiles: Sequence[Profile]) -> tuple[tuple[Any, ...], list[str]]:
    """The columns that are features, and the names of those that are none."""
    columns = tuple(profile.column() for profile in profiles if profile.left_out is None)
    if not columns:
        raise DatasetError("name", f"{table.path.name} has no column of features beside its target; add some")
    return columns, [profile.name for profile in profiles if profile.left_out is not None and profile.name]


def features_by_split(table: Table, rows: LabelledRows, preprocessing: Preprocessing) -> list[Features]:
    """x [N, D] of training, validation and test rows."""
    width = len(preprocessing.names)
    needed = width * len(rows.labels) * np.dtype(np.float32).itemsize
    if width > MAX_FEATURES or needed > MAX_ARRAY_BYTES:
        message = f"{len(rows.labels)} rows x {width} features are too many; take fewer rows or columns"
        raise DatasetError("name", f"{table.path.name}: {message}")
    sizes = [int((rows.splits == split).sum()) for split in (TRAIN, VALIDATION, TEST)]
    x = [np.empty((size, width), dtype=np.float32) for size in sizes]
    filled, first = [0, 0, 0], 0
    for block in table.blocks():
        splits = rows.splits[first : first + len(block.lines)]
        refuse_changed(table, len(splits) == len(block.lines))
        first += len(block.lines)
        columns = dict(zip(table.names, block.columns, strict=True))

        def where(place: int, name: str, lines: Sequence[int] = block.lines) -> str:
            return table.where(lines[place], name)

        features = preprocessing.of_columns(columns, len(block.lines), where)
        for split in (TRAIN, VALIDATION, TEST):
            part = features[splits == split]
            x[split][filled[split] : filled[split] + len(part)] = part
            filled[split] += len(part)
    refuse_changed(table, filled == sizes)
    return x


def refuse_changed(table: Table, unchanged: bool) -> None:
    """A file with other rows than a moment ago."""
    if not unchanged:
        raise DatasetError("name", f"{table.path.name} {CHANGED}")


def missing_values(profiles: Sequence[Profile]) -> tuple[MissingValues, ...]:
    """How many rows lack a value, of each column that lacks some."""
    return tuple(MissingValues(each.name, each.missing) for each in profiles if each.missing and each.left_out is None)


def examples_of(table: Table, rows: LabelledRows, profiles: Sequence[Profile]) -> dict[str, dict[str, str]]:
    """The first training row of each of the first classes; they are looked for in the first block alone."""
    shown = [each.place for each in profiles if each.left_out is None][:SHOWN_COLUMNS]
    block = next(table.blocks())
    splits, labels = rows.splits[: len(block.lines)], rows.labels[: len(block.lines)]
    examples = {}
    for index, name in enumerate(rows.classes[:SHOWN_CLASSES]):
        places = np.flatnonzero((labels == index) & (splits == TRAIN))
        if len(places):
            row = int(places[0])
            examples[name] = {table.names[place]: block.columns[place][row][:SHOWN_TEXT] for place in shown}
    return examples


def notes_of(table: Table, profiles: Sequence[Profile], preprocessing: Preprocessing) -> tuple[str, ...]:
    """What was done with the columns."""
    notes = [f"column {each.name!r} is left out: it {each.left_out}" for each in profiles if each.left_out]
    constant = [each.name for each in preprocessing.columns if isinstance(each, NumberColumn) and not each.deviation]
    constant += [
        each.name for each in preprocessing.columns if isinstance(each, CategoryColumn) and len(each.categories) < 2
    ]
    if constant:
        notes.append(f"columns with one value throughout training, which say nothing: {some(constant)}")
    late = [each.name for each in profiles if each.left_out is None and each.missing > each.missing_train == 0]
    if late:
        notes.append(f"columns that lack values in validation or test rows alone, read as the mean: {some(late)}")
    if table.separator != ",":
        notes.append(f"fields are separated by {'tabs' if table.separator != ';' else 'semicolons'}")
    return tuple(notes)


def unknown_categories(preprocessing: Preprocessing, x: Sequence[Features]) -> tuple[str, ...]:
    """A note on every column with rows whose category no training row has."""
    notes, first = [], 0
    for column in preprocessing.columns:
        last = first + len(column.features)
        if isinstance(column, CategoryColumn):
            number = sum(int((part[:, first:last] == 0).all(axis=1).sum()) for part in x[VALIDATION:])
            if number:
                notes.append(f"column {column.name!r}: {number} rows have no category that training rows have")
        first = last
    return tuple(notes)


def some(names: Sequence[str]) -> str:
    """The first few names."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(map(repr, names[:NAMED])) + more
