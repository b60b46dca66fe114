"""Examples that two splits share, by their content."""

import hashlib
import os
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path

from lplcore.data.images.files import ImageFiles
from lplcore.data.raw import Inputs

TAIL_BYTES = 4096
"""Read of every image file; of those that are alike so far, all."""
DIGEST_BYTES = 16


def shared_examples(train: Inputs, others: Mapping[str, Inputs]) -> dict[str, int]:
    """How many examples of each other split are training examples, too; nothing is said of the label.

    Arrays are compared by all values, image files by all bytes. What vanishes meanwhile equals nothing.
    """
    keys = keys_of(train)
    known = set(keys)
    counts = {}
    for name, inputs in others.items():
        alike = [place for place, key in enumerate(keys_of(inputs)) if key in known and key is not None]
        if alike and isinstance(inputs, ImageFiles) and isinstance(train, ImageFiles):
            other_keys = {key_of(inputs.path(place)) for place in alike}
            wanted = [place for place, key in enumerate(keys) if key in other_keys]
            whole = digests(train, wanted)
            counts[name] = sum(digest in whole for digest in map(digest_of, map(inputs.path, alike)))
        else:
            counts[name] = len(alike)
    return counts


def keys_of(inputs: Inputs) -> list[Hashable]:
    """What is the same for equal examples; None for a file that is gone."""
    if isinstance(inputs, ImageFiles):
        return [key_of(inputs.path(place)) for place in range(len(inputs))]
    return [hash(example.tobytes()) for example in inputs]  # of 64 bits, several times as fast as hashlib's


def key_of(path: Path) -> Hashable:
    """Size and hash of the end of a file."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - TAIL_BYTES))
            return size, hashlib.blake2b(file.read(), digest_size=DIGEST_BYTES).digest()
    except OSError:
        return None


def digests(files: ImageFiles, places: Iterable[int]) -> set[bytes]:
    """Hashes of the whole files."""
    return {digest_of(files.path(place)) for place in places} - {b""}


def digest_of(path: Path) -> bytes:
    """Hash of a whole file, empty where it is gone."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "blake2b").digest()
    except OSError:
        return b""
