"""Rows of a CSV file, in blocks and within limits. The whole file is never in memory."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from lplcore.data.class_names import MAX_NAME, fits, tidy
from lplcore.errors import DatasetError
from lplcore.plugin import quoted

MAX_TABLE_BYTES = 2**31
MAX_ROWS, MAX_COLUMNS = 10_000_000, 10_000
MAX_LINE = 2**22
"""Characters."""
BLOCK = 4096
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
MARKS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a zip or a spreadsheet",
    b"\x1f\x8b": "compressed",
}
"""How files begin that are often taken for CSV."""


class Block(NamedTuple):
    """Some rows of a table."""

    lines: list[int]
    """[n] where each ends in the file; the header is line 1."""
    columns: list[tuple[str, ...]]
    """The n texts of each column."""


@dataclass(frozen=True)
class Table:
    """A CSV file with its header."""

    path: Path
    separator: str
    names: tuple[str, ...]

    def where(self, line: int, column: str | None = None) -> str:
        """A place in the file, for messages."""
        return f"{self.path.name} line {line}" + (f", column {quoted(column)}" if column is not None else "")

    def blocks(self) -> Iterator[Block]:
        """All rows, blank lines left out.

        Raises:
            DatasetError: a row is not fit; the message names its line.
        """
        with opened(self.path) as file:
            rows = reader(self.path, file, self.separator)
            next(rows)
            lines, held = list[int](), list[list[str]]()
            total = 0
            for line, row in rows:
                self.refuse_ragged(line, row)
                lines.append(line)
                held.append(row)
                if len(held) == BLOCK:
                    total += BLOCK
                    if total > MAX_ROWS:
                        raise DatasetError("name", f"{self.path.name} has more than {MAX_ROWS} rows; take fewer")
                    yield Block(lines, list(zip(*held, strict=True)))
                    lines, held = [], []
            if held:
                yield Block(lines, list(zip(*held, strict=True)))

    def refuse_ragged(self, line: int, row: Sequence[str]) -> None:
        """A row that is shorter or longer than the header."""
        if len(row) != len(self.names):
            message = f"{len(row)} fields, but the header has {len(self.names)}; quote what holds a separator"
            raise DatasetError("name", f"{self.where(line)}: {message}")


def table_at(path: Path) -> Table:
    """A CSV file, its header checked.

    Raises:
        DatasetError: it is no such file; the message says why.
    """
    refuse_unlike(path)
    with opened(path) as file:
        separator = separator_of(path, file)
    with opened(path) as file:
        _, header = next(reader(path, file, separator), (1, []))
    names = tuple(tidy(name) for name in header)
    refuse_header(path, names)
    return Table(path, separator, names)


def opened(path: Path) -> IO[str]:
    """The file as text."""
    try:
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise DatasetError("name", f"{path.name} cannot be read: {error.strerror}; make it readable") from error


def refuse_unlike(path: Path) -> None:
    """A file that is absent, empty or too large, or begins as another kind of file."""
    try:
        with path.open("rb") as file:
            start, size = file.read(4), path.stat().st_size
    except OSError as error:
        raise DatasetError("name", f"{path.name} cannot be read: {error.strerror}; make it readable") from error
    if not size:
        raise DatasetError("name", f"{path.name} is empty; it needs a header and rows")
    if size > MAX_TABLE_BYTES:
        raise DatasetError("name", f"{path.name} is larger than {MAX_TABLE_BYTES >> 30} GiB; take fewer rows")
    kind = next((kind for mark, kind in MARKS.items() if start.startswith(mark)), None)
    if kind is not None:
        raise DatasetError("name", f"{path.name} is {kind}, no text in UTF-8; save it as CSV in UTF-8")


def separator_of(path: Path, file: IO[str]) -> str:
    """What stands most often in the first line that is not blank, quotes left out; a comma where nothing does."""
    for line in lines_of(path, file):
        if line.strip():
            unquoted = "".join(line.split('"')[::2])
            return max(SEPARATORS, key=unquoted.count)
    return ","


def lines_of(path: Path, file: IO[str]) -> Iterator[str]:
    """The lines of a file, none of which fills the memory."""
    number = 0
    try:
        while line := file.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                raise DatasetError(
                    "name", f"{path.name} line {number}: more than {MAX_LINE} characters; no table has such"
                )
            if "\x00" in line:
                raise DatasetError("name", f"{path.name} line {number}: holds a NUL character; remove it")
            yield line
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 (near line {number + 1}); save it as UTF-8"
        raise DatasetError("name", f"{path.name} {message}") from error
    except OSError as error:
        raise DatasetError("name", f"{path.name} cannot be read: {error.strerror}; make it readable") from error


def reader(path: Path, file: IO[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Line and fields of each row that is not blank; the header is the first."""
    rows = csv.reader(lines_of(path, file), delimiter=separator, strict=True, skipinitialspace=True)
    try:
        for row in rows:
            if row:
                yield rows.line_num, row
    except csv.Error as error:
        raise DatasetError("name", f"{path.name} line {rows.line_num}: {error}; mend the quotes") from error


def refuse_header(path: Path, names: Sequence[str]) -> None:
    """Names that cannot be those of columns; the first one may be empty, as in tables saved with an index."""
    if len(names) < 2:
        found = "one column" if names else "no header"
        raise DatasetError("name", f"{path.name} has {found}; give a header with the features and the target")
    if len(names) > MAX_COLUMNS:
        raise DatasetError("name", f"{path.name} has {len(names)} columns, more than {MAX_COLUMNS}; take fewer")
    seen: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if not fits(name) and (name or number > 1):
            message = f"a name has 1 to {MAX_NAME} printable characters, got {quoted(name)}; rename column {number}"
            raise DatasetError("name", f"{path.name} line 1: {message}")
        first = seen.setdefault(name, number)
        if first != number:
            message = f"columns {first} and {number} are both named {quoted(name)}; rename one"
            raise DatasetError("name", f"{path.name} line 1: {message}")
