"""Rows of a table as the features that the network takes."""

import csv
import math
import unicodedata
from array import array
from collections.abc import Iterable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

MISSING = ("", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "?")
"""Texts that stand for no value, in small letters."""
LARGEST = 3.4028234663852886e38
"""Of float32."""


def rows_in(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file by the names in its header.

    Raises:
        ValueError: a row is shorter or longer than the header.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = next((line for line in file if line.strip()), "")
        unquoted = "".join(first.split('"')[::2])
        separator = max(",;\t", key=unquoted.count)
        file.seek(0)
        lines = csv.reader(file, delimiter=separator, strict=True, skipinitialspace=True)
        header: list[str] = next((row for row in lines if row), [])
        rows = []
        for row in lines:
            if row and len(row) != len(header):
                raise ValueError(f"line {lines.line_num} has {len(row)} fields, the header {len(header)}")
            if row:
                rows.append(dict(zip(header, row, strict=True)))
    return rows


def features_of(row: Mapping[str, Any], table: Mapping[str, Any]) -> "array[float]":
    """The features of a row: column -> value, None or an empty text where there is none.

    Raises:
        ValueError: a column is absent, or its value is not fit.
    """
    if not isinstance(row, Mapping):
        raise ValueError(f"a row is a dict from columns to values, got {str(row)[:40]}")
    named = {tidy(str(name)): value for name, value in row.items()}
    features = array("f")
    for column in table["columns"]:
        if column["name"] not in named:
            raise ValueError(f"column {column['name']!r} is absent; leave its value empty where it is unknown")
        value = named[column["name"]]
        if not isinstance(value, str | Real | None):
            raise ValueError(f"column {column['name']!r}: expected a text or a number, got {str(value)[:40]!r}")
        features.extend(of_number(value, column) if column["kind"] == "number" else of_category(value, column))
    return features


def of_number(value: Any, column: Mapping[str, Any]) -> Iterable[float]:
    """(value - mean) / deviation, 0 where there is none; then, where the column has one, the indicator of that."""
    text = "" if value is None else str(int(value) if isinstance(value, bool) else value)
    missing = text.strip().lower() in MISSING
    try:
        number = math.nan if missing else float(text)
    except ValueError:
        number = math.inf
    if math.isinf(number) or "_" in text:
        raise ValueError(f"column {column['name']!r}: expected a finite number, got {text[:40]!r}")
    standard = 0.0 if math.isnan(number) else (number - column["mean"]) / (column["deviation"] or math.inf)
    if abs(standard) > LARGEST:
        raise ValueError(f"column {column['name']!r}: {text[:40]} is too far from the training values")
    yield standard
    if column["indicator"]:
        yield float(math.isnan(number))


def of_category(value: Any, column: Mapping[str, Any]) -> Iterable[float]:
    """1 for the category that the row has; then, where the column has one, the indicator of a missing value."""
    text = "" if value is None else str(value)
    missing = column["indicator"] and text.strip().lower() in MISSING
    same = str.lower if isinstance(value, bool) else tidy
    found = None if missing else next((each for each in column["categories"] if same(each) == same(text)), None)
    yield from (float(each == found) for each in column["categories"])
    if column["indicator"]:
        yield float(missing)


def tidy(text: str) -> str:
    """The text in Unicode's composed form, without spaces around it."""
    return unicodedata.normalize("NFC", text.strip())
