"""Whether listed images are there: each folder is looked through once, however many of its images are listed."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lplcore.errors import DatasetError
from lplcore.plugin import quoted


def refuse_odd(names: Iterable[str], *, listing: str) -> None:
    """Names that are no path below a folder, or stand twice.

    Raises:
        DatasetError: one of them; the message says which.
    """
    seen: set[str] = set()
    for name in names:
        if not is_path(name):
            raise DatasetError("name", f"{listing}: {quoted(name)} is no path below the images' folder; correct it")
        if name in seen:
            raise DatasetError("name", f"{listing}: {quoted(name)} is listed twice; remove one of them")
        seen.add(name)


def is_path(name: str) -> bool:
    """Whether a name can be that of a file below a folder."""
    if not name.strip("./") or name.startswith("/") or "\0" in name or ".." in name.split("/"):
        return False
    try:
        return name.isascii() or bool(name.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return False


def there(
    root: Path, names: Sequence[str], *, listing: str, leave_out: bool, linked: bool = False
) -> tuple[npt.NDArray[np.bool_], tuple[str, ...]]:
    """[N] which of the images are below a folder (links followed, none of which may lead out of it), and a note.

    Args:
        root: the folder.
        names: N paths below it, with / between folders.
        listing: the file that lists them, for messages.
        leave_out: whether others are counted in the note; else they are an error.
        linked: whether the root's own entries may be links to wherever their images lie, out of which none may lead.

    Raises:
        DatasetError: an image is not there, or none is; the message names the first.
    """
    kept = np.ones(len(names), dtype=bool)
    for place in absent(root.resolve(), names, linked=linked):
        kept[place] = False
    number = int((~kept).sum())
    if not number:
        return kept, ()
    first = quoted(names[int(np.flatnonzero(~kept)[0])])
    text = f"{number} of the {len(names)} images that {listing} lists are not in {root.name}, the first is {first}"
    if not leave_out or not kept.any():
        remedy = "put them there (links may not lead out of it)"
        other = "" if leave_out else ", or set dataset.on_damaged to leave_out"
        raise DatasetError("name", f"{text}; {remedy}{other}")
    return kept, (f"{text}; they are left out",)


def absent(root: Path, names: Sequence[str], *, linked: bool = False) -> Iterator[int]:
    """Places of the images that are not below the (resolved) folder; `linked` as in `there`."""
    by_folder: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        by_folder[os.path.dirname(name)].append(place)
    for folder, places in by_folder.items():
        found = files_in(root / folder, linked_to(root, folder) if linked else root)
        yield from (place for place in places if os.path.basename(names[place]) not in found)


def linked_to(root: Path, folder: str) -> Path:
    """Where the first part of a path below the root lies."""
    first = folder.partition("/")[0]
    try:
        return (root / first).resolve()
    except (OSError, RuntimeError, ValueError):
        return root


def files_in(folder: Path, root: Path) -> set[str]:
    """Names of the files in a folder below the root that lie there, or to which a link leads within it."""
    try:
        real = folder.resolve(strict=True)
        if not real.is_relative_to(root):
            return set()
        with os.scandir(real) as entries:
            return {entry.name for entry in entries if is_inside(entry, root)}
    except (OSError, RuntimeError, ValueError):
        return set()


def is_inside(entry: "os.DirEntry[str]", root: Path) -> bool:
    """Whether a folder's entry is a file within the root, links followed."""
    if not entry.is_symlink():
        return entry.is_file(follow_symlinks=False)
    return entry.is_file() and Path(entry.path).resolve().is_relative_to(root)
