"""Names of classes: one spelling of each, and their order."""

import re
import unicodedata
from collections.abc import Iterable

MAX_NAME = 200


def tidy(name: str) -> str:
    """The name in Unicode's composed form (NFC), without spaces around it: what looks alike is alike."""
    return unicodedata.normalize("NFC", name.strip())


def fits(name: str) -> bool:
    """Whether this can be the name of a class."""
    return 0 < len(name) <= MAX_NAME and name.isprintable()


def in_natural_order(names: Iterable[str]) -> tuple[str, ...]:
    """The names sorted, whole numbers in them by their value: 2 before 10."""
    return tuple(sorted(names, key=natural_key))


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Text and numbers of a name in turn; the name itself where that is the same (01 and 1)."""
    parts = re.split(r"([0-9]+)", name)
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], name
