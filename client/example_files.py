"""Rows of numbers, or of tables, in files of the client's machine."""

import csv
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

ARRAYS, TABLE = ".npz", ".csv"
ROWS = (ARRAYS, TABLE)
"""Endings of files of rows; all others are images."""
PREFERRED = ("x_test", "x")
SEPARATORS = ",;\t"


def rows_in(path: Path, *, by_column: bool = False) -> tuple[list[str], list[Any]]:
    """What each row of a file is called, and its numbers.

    Args:
        path: the file.
        by_column: whether the rows of a `.csv` are wanted as texts by the names in its header.

    Raises:
        ValueError: it holds none.
        OSError: it cannot be read.
    """
    read = array_in if path.suffix.lower() == ARRAYS else texts_in if by_column else numbers_in
    try:
        rows = read(path)
    except csv.Error as error:
        raise ValueError(f"{path}: is no CSV ({error})") from error
    return [f"{path.name}:{number}" for number in range(1, len(rows) + 1)], rows


def array_in(path: Path) -> list[Any]:
    """The examples of an `.npz`: `x_test`, `x`, or its only array.

    Raises:
        ImportError: numpy is not installed.
        ValueError: there is none.
    """
    try:
        numpy = importlib.import_module("numpy")
    except ModuleNotFoundError as error:
        raise ImportError("an .npz needs numpy; pip install numpy, or give a .csv") from error
    try:
        with numpy.load(path, allow_pickle=False) as arrays:
            names = list(arrays.files)
            fitting = [name for name in PREFERRED if name in names] or (names if len(names) == 1 else [])
            if fitting:
                return list(arrays[fitting[0]])
    except (ValueError, EOFError, AttributeError, TypeError, BadZipFile) as error:
        raise ValueError(f"{path}: is no .npz of plain arrays ({error})") from error
    raise ValueError(f"{path}: holds {', '.join(names) or 'nothing'}; name the examples x_test or x")


def numbers_in(path: Path) -> list[Any]:
    """The rows of a `.csv`, without its header where it has one.

    Raises:
        ValueError: something else than a number stands in it.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = [line for line in csv.reader(file) if line]
    header = bool(lines) and not any(map(is_number, lines[0]))
    return [numbers_of(line, path, number) for number, line in enumerate(lines, start=1) if number > header]


def texts_in(path: Path) -> list[Any]:
    """The rows of a `.csv` with a header, as texts by column; a column without a name is left out.

    Raises:
        ValueError: it has no header or no rows, or a row is longer or shorter.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        start = next((line for line in file if line.strip()), "")
        unquoted = "".join(start.split('"')[::2])
        file.seek(0)
        lines = csv.reader(file, delimiter=max(SEPARATORS, key=unquoted.count))
        numbered = [(lines.line_num, line) for line in lines if line]
    header = [name.strip() for name in numbered[0][1]] if numbered else []
    named = [name for name in header if name]
    if not named or len(named) > len(set(named)):
        raise ValueError(f"{path}: begins with no header; name each column once, as the run's table does")
    for number, line in numbered[1:]:
        if len(line) != len(header):
            raise ValueError(f"{path} line {number}: {len(line)} fields, but the header has {len(header)}")
    return [{name: text for name, text in zip(header, line, strict=True) if name} for _, line in numbered[1:]]


def numbers_of(line: Sequence[str], path: Path, number: int) -> list[float]:
    """A line as numbers.

    Raises:
        ValueError: something else stands in it.
    """
    odd = next((text for text in line if not is_number(text)), None)
    if odd is not None:
        raise ValueError(f"{path} line {number}: {odd[:80]!r} is no number")
    return [float(text) for text in line]


def is_number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
