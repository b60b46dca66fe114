"""Files and folders to the service: a form that is made while it is sent, so that it takes no memory."""

import os
import secrets
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client.errors import ApiError
from client.retries import REFUSED_UNREAD, Patience
from client.transport import Transport

BLOCK_BYTES = 2**18
TAR_END = bytes(2 * tarfile.BLOCKSIZE)
LEFT_OUT = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db"})
"""What macOS and Windows put beside files."""


@dataclass(frozen=True)
class Content:
    """What is sent: its size, and its blocks, made anew for every attempt."""

    size: int
    blocks: Callable[[], Iterator[bytes]]


def upload(
    transport: Transport,
    path: str,
    fields: Mapping[str, str],
    content: Content,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Any:
    """Post a form with these fields and a file; again from its beginning where the service says that it is busy.

    Args:
        transport: how to reach the service.
        path: the resource.
        fields: short texts.
        content: the file.
        progress: called with the bytes that are sent and those there are.

    Raises:
        ApiError: the service refused.
        ServiceUnreachable: nothing answers, or the connection broke.
        OSError: a file cannot be read.
    """
    boundary = secrets.token_hex(16)
    start, end = form_around(fields, boundary)
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Length": str(len(start) + content.size + len(end)),
    }

    def body() -> Iterator[bytes]:
        yield start
        sent = 0
        for block in content.blocks():
            yield block
            sent += len(block)
            if progress is not None:
                progress(sent, content.size)
        yield end

    patience = Patience(transport.retry_seconds)
    while True:
        try:
            return transport.post_stream(path, body(), headers)
        except ApiError as error:
            if error.status not in REFUSED_UNREAD:
                raise
            patience.wait(error)


def form_around(fields: Mapping[str, str], boundary: str) -> tuple[bytes, bytes]:
    """What stands before and after the file: the fields first, so that the service can refuse them before it."""
    disposition = f"--{boundary}\r\nContent-Disposition: form-data; name="
    parts = "".join(f'{disposition}"{name}"\r\n\r\n{text}\r\n' for name, text in fields.items())
    head = f'{disposition}"file"; filename="content"\r\nContent-Type: application/octet-stream\r\n\r\n'
    return f"{parts}{head}".encode(), f"\r\n--{boundary}--\r\n".encode()


def content_of(path: Path) -> Content:
    """A file as it is, a folder as a tar archive.

    Raises:
        OSError: it cannot be read.
    """
    return packed(path) if path.is_dir() else Content(path.stat().st_size, lambda: whole(path, path.stat().st_size))


def packed(folder: Path) -> Content:
    """A folder as a tar archive that depends on names and contents alone, made while it is sent."""
    members = [(file, member(folder, file)) for file in files_below(folder)]
    size = sum(len(header(info)) + info.size + padding(info.size) for _, info in members) + len(TAR_END)

    def blocks() -> Iterator[bytes]:
        for file, info in members:
            yield header(info)
            yield from whole(file, info.size)
            yield bytes(padding(info.size))
        yield TAR_END

    return Content(size, blocks)


def files_below(folder: Path) -> Iterator[Path]:
    """The files of a folder in the order of their names, links followed."""
    seen = set[str]()
    for path, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(path)
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT and real not in seen)
        if real not in seen:
            yield from (
                Path(path, name) for name in sorted(files) if name not in LEFT_OUT and Path(path, name).is_file()
            )
        seen.add(real)


def member(folder: Path, file: Path) -> tarfile.TarInfo:
    """What the archive says of a file."""
    info = tarfile.TarInfo(file.relative_to(folder).as_posix())
    info.size = file.stat().st_size
    return info


def header(info: tarfile.TarInfo) -> bytes:
    """The blocks before a file's content."""
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def padding(size: int) -> int:
    """Bytes up to the next whole block."""
    return -size % tarfile.BLOCKSIZE


def whole(file: Path, size: int) -> Iterator[bytes]:
    """A file's content.

    Raises:
        OSError: it has another size now, or cannot be read.
    """
    left = size
    with file.open("rb") as opened:
        while left and (block := opened.read(min(left, BLOCK_BYTES))):
            left -= len(block)
            yield block
        if left or opened.read(1):
            raise OSError(f"{file} changed while it was sent; send it again")
