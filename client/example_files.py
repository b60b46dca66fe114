"""Rows of numbers in files of the client's machine."""

import csv
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

ROWS = (".npz", ".csv")
"""Endings of files of rows; all others are images."""
PREFERRED = ("x_test", "x")


def rows_in(path: Path) -> tuple[list[str], list[Any]]:
    """What each row of a file is called, and its numbers.

    Raises:
        ValueError: it holds none.
        OSError: it cannot be read.
    """
    rows = array_in(path) if path.suffix.lower() == ".npz" else numbers_in(path)
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
