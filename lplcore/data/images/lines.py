"""Lines of `labels.csv` and `classes.txt`, each checked by itself."""

import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from lplcore.data.class_names import MAX_NAME, fits, tidy
from lplcore.data.rules import RULES
from lplcore.errors import DatasetError
from lplcore.plugin import quoted

HEADER = ["split", "file", "labels"]
SPLITS = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}


class LabelledImage(NamedTuple):
    """A line of `labels.csv`."""

    line: int
    split: str
    file: str
    labels: tuple[str, ...]


def image_of(row: Sequence[str], line: int, *, where: str, rules: int = RULES) -> LabelledImage:
    """A line of `labels.csv`.

    Raises:
        DatasetError: it is no split, file and labels; the message begins with `where`.
    """
    if len(row) != len(HEADER):
        message = f"expected {','.join(HEADER)}, got {len(row)} fields; quote what holds a comma"
        raise DatasetError("name", f"{where}: {message}")
    split, file, joined = row
    if split.strip() not in SPLITS:
        raise DatasetError("name", f"{where}: unknown split {quoted(split)}; give one of {', '.join(SPLITS)}")
    file = tidy(file) if rules > 1 else file
    path = PurePosixPath(file)
    if not path.name or path.is_absolute() or ".." in path.parts or "\\" in file or "\x00" in file:
        message = "give a path relative to the folder, with / between folders and without .."
        raise DatasetError("name", f"{where}: file {quoted(file)}: {message}")
    labels = tuple(spelled(label, rules) for label in joined.split("|")) if joined.strip() else ()
    for label in labels:
        refuse_name(label, where)
    if len(set(labels)) < len(labels):
        raise DatasetError("name", f"{where}: a label occurs twice; name each once")
    return LabelledImage(line, SPLITS[split.strip()], str(path), labels)


def class_names(text: str, *, file: str, rules: int = RULES) -> tuple[str, ...]:
    """The names in `classes.txt`, blank lines left out.

    Raises:
        DatasetError: a line is no name, or one that is there already; the message begins with `file` and the line.
    """
    names: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        name = spelled(line, rules)
        if name:
            refuse_name(name, f"{file} line {number}")
            if names.setdefault(name, number) != number:
                message = f"{quoted(name)} is already in line {names[name]}; remove one of them"
                raise DatasetError("name", f"{file} line {number}: {message}")
    return tuple(names)


def spelled(name: str, rules: int) -> str:
    """A name as the rules spell it."""
    return tidy(name) if rules > 1 else name.strip()


def spellings(part: str) -> tuple[str, ...]:
    """A part of a path as it is, composed and decomposed: file systems keep any of them."""
    return tuple(dict.fromkeys((part, unicodedata.normalize("NFC", part), unicodedata.normalize("NFD", part))))


def refuse_name(name: str, where: str) -> None:
    """What cannot be the name of a class."""
    if not fits(name) or "|" in name:
        message = f"a label has 1 to {MAX_NAME} printable characters other than |, got {quoted(name)}; rename it"
        raise DatasetError("name", f"{where}: {message}")
