"""Zip archives."""

import stat
import struct
import zipfile
from pathlib import Path
from typing import IO

from api.services.uploading.limits import too_large
from api.services.uploading.members import Members, damage_refused, unfit, write
from lplcore.plugin import quoted
from store.settings import Settings

DIRECTORY_END, DIRECTORY_END_64, LOCATOR_64, ENTRY = b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\1\2"
END_BYTES, END_64_BYTES, LOCATOR_BYTES, ENTRY_BYTES = 22, 56, 20, 46
MAX_COMMENT_BYTES = 2**16
MAX_ENTRY_BYTES = 2_000
"""Of an entry of the directory, its name and extra fields included."""
ENCRYPTED = 1


def opened(path: Path, settings: Settings) -> zipfile.ZipFile:
    """The archive, whose directory is of a size that may be read into memory.

    Raises:
        Problem: it cannot be read, or has too many members.
    """
    with damage_refused():
        with path.open("rb") as file:
            count_entries(file, most=settings.max_upload_files)
        try:
            return zipfile.ZipFile(path, metadata_encoding="utf-8")
        except UnicodeDecodeError:
            return zipfile.ZipFile(path)


def unpack(archive: zipfile.ZipFile, members: Members) -> None:
    """Write all members.

    Raises:
        Problem: one cannot be taken.
        OSError: the disk does not take it.
    """
    for member in archive.infolist():
        refuse_odd(member)
        with damage_refused():
            path = members.place(member.orig_filename, is_folder=member.is_dir())
            members.budget.count_bytes(member.file_size)
            if path is not None:
                with archive.open(member) as source:
                    write(source, path, size=member.file_size)


def refuse_odd(member: zipfile.ZipInfo) -> None:
    """Links, devices, and what is encrypted.

    Raises:
        Problem: the member is one of them.
    """
    kind = stat.S_IFMT(member.external_attr >> 16)
    if stat.S_ISLNK(kind):
        raise unfit(f"{quoted(member.filename)} is a link; pack the file that it leads to")
    if kind and not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        raise unfit(f"{quoted(member.filename)} is neither a file nor a folder; leave it out")
    if member.flag_bits & ENCRYPTED:
        raise unfit(f"{quoted(member.filename)} is encrypted; pack it without a password")


def count_entries(file: IO[bytes], *, most: int) -> None:
    """Walk over the archive's directory, of which nothing is kept.

    Raises:
        Problem: it has more entries, or is larger, than it may be.
        struct.error, ValueError: it is damaged.
    """
    start, size = directory_of(file)
    if size > most * MAX_ENTRY_BYTES:
        raise too_large(f"the directory of the archive has {size} bytes, too many for {most} files")
    file.seek(start)
    number, position = 0, 0
    while position < size:
        entry = file.read(ENTRY_BYTES)
        if entry[:4] != ENTRY:
            raise ValueError("its directory is damaged")
        more = sum(struct.unpack_from("<3H", entry, 28))
        file.seek(more, 1)
        number, position = number + 1, position + ENTRY_BYTES + more
        if number > most:
            raise too_large(f"the archive has more than {most} files and folders (LPL_MAX_UPLOAD_FILES)")


def directory_of(file: IO[bytes]) -> tuple[int, int]:
    """Where the directory begins and how long it is, as `zipfile` finds it: it ends where its end is noted."""
    length = file.seek(0, 2)
    tail_start = max(0, length - MAX_COMMENT_BYTES - END_BYTES)
    file.seek(tail_start)
    tail = file.read()
    place = tail.rfind(DIRECTORY_END)
    if place < 0:
        raise ValueError("its directory is missing")
    end, size = tail_start + place, struct.unpack_from("<L", tail, place + 12)[0]
    before = end - LOCATOR_BYTES - END_64_BYTES
    if before >= 0:
        file.seek(before)
        larger = file.read(END_64_BYTES + LOCATOR_BYTES)
        if larger[:4] == DIRECTORY_END_64 and larger[END_64_BYTES:][:4] == LOCATOR_64:
            end, size = before, struct.unpack_from("<Q", larger, 40)[0]
    if size > end:
        raise ValueError("its directory is damaged")
    return end - size, size
