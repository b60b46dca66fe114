"""Rows and columns of a table, from the presets that its figures have."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lplcore.frame.preset import PAPER, Preset
from lplcore.frame.study import PRECISION, Column, Source, StudyRow
from lplcore.plugin import get

OTHERS = ("released", "project")
"""Whose settings are beside the rows, not in them."""
GROUPS = {"total": "", "head": ".many", "medium": ".medium", "tail": ".few"}
"""How Table V heads a group's column -> end of its metric."""


def cited(place: str) -> str:
    """`Table IV` as a citation."""
    return f"{PAPER}, {place}"


def errors(*titles: str) -> tuple[Column, ...]:
    """Columns of top-1 errors."""
    return tuple(Column(key=title, title=title) for title in titles)


def precisions(*data: str) -> tuple[Column, ...]:
    """Columns of mean average precision on each of the data sets: total, head, medium and tail classes."""
    return tuple(
        Column(key=f"{title}, {group}", title=f"{title} {group}", metric=PRECISION + ending)
        for title in data
        for group, ending in GROUPS.items()
    )


def table_rows(presets: Iterable[Preset], columns: Sequence[Column]) -> tuple[StudyRow, ...]:
    """The rows that the presets' `table_row` name, in the presets' order.

    A preset fills every column whose key begins with its own column, such as `VOC-MLT, head` for VOC-MLT.
    """
    methods: dict[str, str] = {}
    cells: dict[str, dict[str, Source]] = {}
    for preset in presets:
        if preset.table_row is None or preset.follows in OTHERS:
            continue
        label, place = split_place(preset.table_row)
        methods.setdefault(label, method_name(preset))
        filled = {column.key: cell(preset, column.metric) for column in columns if column.key.split(", ")[0] == place}
        cells.setdefault(label, {}).update(filled)
    return tuple(StudyRow(label=label, method=methods[label], cells=cells[label]) for label in cells)


def preset_row(label: str, presets: Mapping[str, str], columns: Sequence[Column]) -> StudyRow:
    """A row whose cells, by the columns' keys, are those of presets of one method."""
    metrics = {column.key: column.metric for column in columns}
    records = {key: get("preset", name) for key, name in presets.items()}
    cells = {key: cell(preset, metrics[key]) for key, preset in records.items()}
    return StudyRow(label=label, method=method_name(next(iter(records.values()))), cells=cells)


def split_place(table_row: str) -> tuple[str, str]:
    """Row and column of `Table III, LDAM, 10:1`."""
    label, _, column = table_row.partition(", ")[2].rpartition(", ")
    return label, column


def cell(preset: Preset, metric: str) -> Source:
    """The preset's cell, with its printed figure."""
    return Source(preset=preset.name, published=preset.published[metric])


def method_name(preset: Preset) -> str:
    """The method's name in the catalogue."""
    return str(method_of(preset)["alias"])


def method_of(preset: Preset) -> dict[str, Any]:
    """The method's name, as `alias`, and the preset's parameters."""
    method = preset.spec["method"]
    return {"alias": method} if isinstance(method, str) else dict(method)
