"""Answers in notebooks and terminals: short texts, HTML tables, data frames."""

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

LONGEST_TEXT = 60
MOST_ROWS = 100


class Count:
    """Stands for a list or an object in a short text."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __repr__(self) -> str:
        return f"<{self._number}>"


def brief(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Fields that say something, short: texts clipped, lists and objects by their number of items."""
    for name, value in fields.items():
        if value is None or (isinstance(value, str | Sequence | Mapping) and not value):
            continue
        if isinstance(value, str):
            yield name, value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}..."
        elif isinstance(value, Sequence | Mapping):
            yield name, Count(len(value))
        else:
            yield name, value


def html_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """An HTML table; text of others is escaped."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(html_text(value))}</td>' for value in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def html_text(value: Any) -> str:
    """A value as a cell shows it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def html_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """An HTML table of records, the first ones of many."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    more = f"<p>and {len(rows) - MOST_ROWS} more</p>" if len(rows) > MOST_ROWS else ""
    return html_table(names, [[row.get(name) for name in names] for row in rows[:MOST_ROWS]]) + more


def data_frame(data: Any, **options: Any) -> Any:
    """A pandas DataFrame.

    Raises:
        ImportError: pandas is not installed.
    """
    try:
        pandas = importlib.import_module("pandas")
    except ModuleNotFoundError as error:
        raise ImportError("to_pandas needs pandas; pip install pandas") from error
    return pandas.DataFrame(data, **options)


def frame_or_rows(rows: Sequence[Mapping[str, Any]]) -> Any:
    """A pandas DataFrame of rows; where pandas is not installed, rows that show themselves as a table."""
    try:
        return data_frame(rows)
    except ImportError:
        return Rows(rows)


class Rows(list[Mapping[str, Any]]):
    """Rows that show themselves as a table."""

    def __repr__(self) -> str:
        names = list(dict.fromkeys(name for row in self for name in row))
        lines = [names, *([html_text(row.get(name)) for name in names] for row in self[:MOST_ROWS])]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        ]
        more = [f"and {len(self) - MOST_ROWS} more"] if len(self) > MOST_ROWS else []
        return "\n".join([*text, *more]) if self else "nothing yet"

    def _repr_html_(self) -> str:
        return html_rows(self) if self else "<p>nothing yet</p>"
