"""Members of an archive: which names are taken, and how a file of one is written."""

import errno
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from api.problems import Problem, refusal
from api.services.uploading.limits import Budget
from lplcore.plugin import quoted
from store import names

BLOCK_BYTES = 2**20
MAX_NAME_BYTES, MAX_PART_BYTES, MAX_DEPTH = 1_000, 255, 32
CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
DRIVE = re.compile(r"[A-Za-z]:")
OF_ARCHIVES = (None, errno.EINVAL, errno.ENAMETOOLONG, errno.EILSEQ)
"""Errors of the system whose cause is what an archive says, such as a place before its beginning."""
LEFT_BY_SYSTEMS = frozenset({"__macosx", ".ds_store", "thumbs.db"})
"""What macOS and Windows put beside files, case folded."""


class Members:
    """Writes the members of an archive below a new folder.

    Attributes:
        left_out: how many files of macOS and Windows were not written.
    """

    def __init__(self, folder: Path, budget: Budget) -> None:
        self.folder, self.budget, self.left_out = folder, budget, 0
        self._folders, self._files = {"": ""}, set[str]()
        folder.mkdir()

    def place(self, name: str, *, is_folder: bool) -> Path | None:
        """Where a member goes, its folders made; None where it is left out.

        Raises:
            Problem: its name leads elsewhere, cannot be one, or is there already.
        """
        self.budget.count_member()
        parts = parts_of(name)
        if any(part.casefold() in LEFT_BY_SYSTEMS or part.startswith("._") for part in parts):
            self.left_out += not is_folder
            return None
        for depth in range(1, len(parts) + is_folder):
            self._make_folder("/".join(parts[:depth]), name)
        if is_folder:
            return None
        if not parts:
            raise unfit(f"{quoted(name)} is no name of a file")
        key = names.key("/".join(parts))
        if key in self._files or key in self._folders:
            raise doubled(name)
        self._files.add(key)
        return self.folder.joinpath(*parts)

    def _make_folder(self, path: str, name: str) -> None:
        key = names.key(path)
        known = self._folders.setdefault(key, path)
        if known != path or key in self._files:
            raise doubled(name)
        (self.folder / path).mkdir(exist_ok=True)


def parts_of(name: str) -> list[str]:
    """The folders of a member and its own name.

    Raises:
        Problem: it leads elsewhere, or cannot be a name everywhere.
    """
    if CONTROL.search(name) or "\\" in name:
        raise unfit(f"the name {quoted(name)} has characters that no name here may have; use / between folders")
    if name.startswith("/") or DRIVE.match(name):
        raise unfit(f"the name {quoted(name)} is absolute; pack files by names relative to their folder")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise unfit(f"the name {quoted(name)} leads out of the archive; pack files by names below one folder")
    long = len(name.encode()) > MAX_NAME_BYTES or len(parts) > MAX_DEPTH
    if long or any(len(part.encode()) > MAX_PART_BYTES for part in parts):
        raise unfit(f"the name {quoted(name)} is too long; rename it")
    return parts


def write(source: IO[bytes], path: Path, *, size: int) -> None:
    """Write a member's content, which has so many bytes.

    Raises:
        Problem: it breaks off.
    """
    written = 0
    with path.open("xb") as out:
        while block := source.read(BLOCK_BYTES):
            written += out.write(block)
    if written != size:
        raise unfit(f"{quoted(path.name)} breaks off after {written} of {size} bytes; pack it again")


@contextmanager
def damage_refused() -> Iterator[None]:
    """Say of an archive that cannot be read that it is damaged; what the disk refuses is another matter.

    Raises:
        Problem: the archive cannot be read.
    """
    try:
        yield
    except Problem:
        raise
    except (zlib.error, EOFError) as error:
        raise unfit(f"the archive breaks off or is damaged ({error}); pack and send it again") from error
    except Exception as error:  # a damaged archive can raise anything
        if isinstance(error, OSError) and error.errno not in OF_ARCHIVES:
            raise
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise unfit(f"the archive is damaged ({quoted(reason)}); pack and send it again") from error


def doubled(name: str) -> Problem:
    """The refusal of a second member of a name."""
    message = "is there twice, or differs from another name by upper and lower case or the form of its letters only"
    return unfit(f"the name {quoted(name)} {message}; rename one of them")


def unfit(message: str) -> Problem:
    """422 for the file."""
    return refusal([{"path": "file", "message": message}])
