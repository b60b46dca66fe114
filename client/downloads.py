"""Checkpoints and exports to files: streamed, taken up where they broke off, checked, put in place whole."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from client.answers import Checkpoint
from client.errors import ApiError, DownloadError, ServiceUnreachable
from client.retries import AWAY, Patience
from client.transport import Transport

AS_STORED = {"Accept": "*/*", "Accept-Encoding": "identity"}
MADE_SECONDS = 900.0
"""An export may wait for another one and then for its own process; the service limits both."""


def download(
    transport: Transport, checkpoint: Checkpoint, target: Path, *, on_bytes: Callable[[int], None] | None = None
) -> Path:
    """Write a checkpoint's content to `target`, which appears only when it is whole and its SHA-256 is right.

    Args:
        transport: how to reach the service.
        checkpoint: what to fetch.
        target: the file to write.
        on_bytes: called with the number of bytes of every block.

    Raises:
        DownloadError: the content is not what the service announced.
        OSError: the file cannot be written.
    """
    with appearing(target) as file:
        digest = fetch(transport, checkpoint, file, on_bytes=on_bytes)
        if digest != checkpoint.sha256:
            raise DownloadError(f"checkpoint {checkpoint.id} came with the wrong SHA-256 ({digest}); download it again")
    return target


def download_export(
    transport: Transport,
    address: str,
    target: Path,
    *,
    params: Mapping[str, str | None],
    on_bytes: Callable[[int], None] | None = None,
) -> Path:
    """Write an export to `target`, which appears only when it is whole. Others' exports are waited for.

    Raises:
        ApiError: the service refuses.
        OSError: the file cannot be written.
    """
    patience = Patience(transport.retry_seconds)
    while True:
        try:
            with (
                appearing(target) as file,
                transport.stream(address, params=params, headers=AS_STORED, timeout_seconds=MADE_SECONDS) as response,
            ):
                for block in response.iter_bytes():
                    file.write(block)
                    if on_bytes is not None:
                        on_bytes(len(block))
            return target
        except ApiError as error:
            if error.status not in AWAY:
                raise
            patience.wait(error)


@contextmanager
def appearing(target: Path) -> Iterator[IO[bytes]]:
    """A file to write that gets its name only at the end, and only if nothing went wrong.

    Raises:
        OSError: it cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~umask())
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)


def fetch(
    transport: Transport, checkpoint: Checkpoint, file: IO[bytes], *, on_bytes: Callable[[int], None] | None
) -> str:
    """Write all bytes of the content; returns their SHA-256. A broken connection goes on from where it was."""
    digest, done, patience = hashlib.sha256(), 0, Patience(transport.retry_seconds)
    while True:
        # Positions count stored bytes, so nothing on the way may compress them.
        headers = {**AS_STORED, **({"Range": f"bytes={done}-"} if done else {})}
        try:
            with transport.stream(f"/v1/checkpoints/{checkpoint.id}/content", headers=headers) as response:
                if done and response.status_code != 206:
                    raise DownloadError(f"checkpoint {checkpoint.id} broke off for good; download it again")
                for block in response.iter_bytes():
                    file.write(block)
                    digest.update(block)
                    done += len(block)
                    patience.renew()
                    if on_bytes is not None:
                        on_bytes(len(block))
            return digest.hexdigest()
        except ServiceUnreachable as error:
            patience.wait(error)
        except ApiError as error:
            if error.status not in AWAY:
                raise
            patience.wait(error)


def umask() -> int:
    """The process's umask, which mkstemp does not follow."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
