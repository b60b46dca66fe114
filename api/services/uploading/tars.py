"""Tar archives, also compressed ones, read once from the front to the end."""

import bz2
import gzip
import lzma
import tarfile
from pathlib import Path
from typing import IO, Any, cast

from api.services.uploading.limits import Budget
from api.services.uploading.members import BLOCK_BYTES, Members, damage_refused, unfit, write
from lplcore.plugin import quoted

COMPRESSED = {b"\x1f\x8b": gzip.GzipFile, b"BZh": bz2.BZ2File, b"\xfd7zXZ\x00": lzma.LZMAFile}
"""By the first bytes."""
MARK_AT, MARK = 257, b"ustar"


class Counted:
    """A file that counts what is read of it, and refuses to read much at once.

    `tarfile` reads long names and other remarks on members in one piece, as long as the archive says they are.
    """

    def __init__(self, file: IO[bytes], budget: Budget) -> None:
        self._file, self._budget = file, budget
        self.last = b""

    def read(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            Problem: the archive is too large.
            ValueError: too many at once.
        """
        if not 0 <= size <= BLOCK_BYTES:
            raise ValueError("a remark on a file is too long")
        self.last = self._file.read(size)
        self._budget.count_bytes(len(self.last))
        return self.last

    def tell(self) -> int:
        """The position."""
        return self._file.tell()

    def seek(self, position: int) -> None:
        """Go on to a later position."""
        while (ahead := position - self._file.tell()) > 0:
            if not self.read(min(ahead, BLOCK_BYTES)):
                return
        if ahead < 0:
            self._file.seek(position)


def is_tar(head: bytes) -> bool:
    """Whether a file that begins like this is a tar archive or may be a compressed one."""
    return head[MARK_AT : MARK_AT + len(MARK)] == MARK or any(head.startswith(start) for start in COMPRESSED)


def unpack(path: Path, members: Members) -> None:
    """Write all members.

    Raises:
        Problem: one cannot be taken.
        OSError: the disk does not take it.
    """
    with path.open("rb") as packed:
        head = packed.read(8)
    opener: Any = next((each for start, each in COMPRESSED.items() if head.startswith(start)), open)
    with damage_refused(), opener(path, "rb") as file:
        counted = Counted(file, members.budget)
        with tarfile.open(fileobj=cast(IO[bytes], counted), mode="r:") as archive:
            while (member := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # it would keep all of them
                unpack_one(archive, member, members)
        if counted.last != bytes(tarfile.BLOCKSIZE):  # two blocks of zeros end an archive; `tarfile` does without
            raise EOFError("the end of the archive is missing")
        while counted.read(BLOCK_BYTES):  # the checksum of a compressed file stands at its end
            pass


def unpack_one(archive: tarfile.TarFile, member: tarfile.TarInfo, members: Members) -> None:
    """Write a member.

    Raises:
        Problem: it cannot be taken.
    """
    if member.issym() or member.islnk():
        raise unfit(f"{quoted(member.name)} is a link; pack the file that it leads to")
    if member.issparse() or not (member.isreg() or member.isdir()):
        raise unfit(f"{quoted(member.name)} is neither a plain file nor a folder; leave it out")
    path = members.place(member.name, is_folder=member.isdir())
    source = archive.extractfile(member)
    if path is not None and source is not None:
        with source:
            write(source, path, size=member.size)
