"""What an uploaded file is, by its content: names say nothing."""

import codecs
from enum import StrEnum
from pathlib import Path
from zipfile import ZipFile

from api.services.uploading import tars, zips
from api.services.uploading.limits import Budget, too_large
from api.services.uploading.members import Members, unfit
from lplcore.data.images.class_folders import SPLITS, subfolders
from lplcore.data.images.folder import LABELS_FILE
from store.settings import Settings

HEAD_BYTES = 4096
ZIPS, ARRAY = (b"PK\3\4", b"PK\5\6"), b"\x93NUMPY"


class Kind(StrEnum):
    """What a file can be, by the ending that it gets here; of archives, folders are made."""

    ARRAYS = ".npz"
    TABLE = ".csv"
    FOLDER = ""


def unpacked(file: Path, folder: Path, settings: Settings) -> tuple[Kind, Path, int]:
    """What the file is, where its content lies, and how many files were left out.

    An archive is unpacked into the new folder and removed.

    Raises:
        Problem: it is nothing that can be taken.
        OSError: the disk does not take it.
    """
    with file.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    budget = Budget(settings, packed_bytes=file.stat().st_size)
    if head.startswith(ZIPS):
        with zips.opened(file, settings) as archive:
            if holds_arrays(archive):
                refuse_large_arrays(archive, settings)
                return Kind.ARRAYS, file, 0
            members = Members(folder, budget)
            zips.unpack(archive, members)
    elif tars.is_tar(head):
        members = Members(folder, budget)
        tars.unpack(file, members)
    else:
        return single_file(head), file, 0
    file.unlink()
    return Kind.FOLDER, content_of(folder), members.left_out


def holds_arrays(archive: ZipFile) -> bool:
    """Whether a zip is an `.npz`."""
    return any(name.endswith(".npy") and "/" not in name for name in archive.namelist())


def refuse_large_arrays(archive: ZipFile, settings: Settings) -> None:
    """Arrays that would fill the memory.

    Raises:
        Problem: 413.
    """
    size, most = sum(member.file_size for member in archive.infolist()), settings.max_upload_array_bytes
    if size > most:
        raise too_large(f"the arrays have {size} bytes, more than {most} (LPL_MAX_UPLOAD_ARRAY_BYTES)")


def single_file(head: bytes) -> Kind:
    """What a file is that is no archive.

    Raises:
        Problem: nothing that can be taken.
    """
    if head.startswith(ARRAY):
        return Kind.ARRAYS  # read as one, it is refused with what is missing
    if not head:
        raise unfit("the file is empty")
    if b"\x00" not in head and is_text(head):
        return Kind.TABLE
    raise unfit("the file is no .npz, zip, tar (plain, gz, bz2, xz) or .csv by its content; send one of these")


def is_text(head: bytes) -> bool:
    """Whether a file begins as UTF-8 text."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def content_of(folder: Path) -> Path:
    """The folder of labels or class folders: an archive often has one folder around all."""
    while True:
        inside = list(folder.iterdir())
        if len(inside) != 1 or not inside[0].is_dir() or inside[0].name in SPLITS:
            return folder
        if not (inside[0] / LABELS_FILE).is_file() and not subfolders(inside[0]):
            return folder
        folder = inside[0]
