"""Images that cannot be read, found before training where a spec wants them left out."""

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lplcore.data.data_files import stamp
from lplcore.data.images.files import ImageFiles
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.stream import new_stream
from lplcore.data.raw import RawData

NAMED = 3
"""Damaged images that a note names."""
FOLDER = "damaged"
SPLITS = ("train", "validation", "test")


def without_damaged(raw: RawData, pipeline: InputPipeline) -> RawData:
    """The data without the images that cannot be read, and a note on them; every image is read once."""
    parts: dict[str, Any] = {}
    named: list[str] = []
    for split in SPLITS:
        x, y = getattr(raw, f"x_{split}"), getattr(raw, f"y_{split}")
        if isinstance(x, ImageFiles) and y is not None:
            damaged = damaged_of(x, pipeline)
            good = np.setdiff1d(np.arange(len(x)), np.array(sorted(damaged), dtype=np.int64))
            parts |= {f"x_{split}": x[good], f"y_{split}": y[good]}
            named += [f"{x.name(place)} ({reason})" for place, reason in sorted(damaged.items())]
    if not named:
        return raw
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    note = f"{len(named)} damaged images are left out: {'; '.join(named[:NAMED])}{more}"
    return replace(raw, **parts, notes=(*raw.notes, note))


def damaged_of(files: ImageFiles, pipeline: InputPipeline) -> Mapping[int, str]:
    """Place and reason of every image that cannot be read; remembered beside the cache as long as no file changes."""
    seen = stamp(files.path(place) for place in range(len(files)))
    remembered = None if pipeline.cache_dir is None else pipeline.cache_dir / FOLDER / f"{seen}.json"
    if remembered is not None:
        with contextlib.suppress(AttributeError, OSError, ValueError):
            return {int(place): str(reason) for place, reason in json.loads(remembered.read_text()).items()}
    found = {place: reason for read in new_stream(files, pipeline).all() for place, reason in read.damaged}
    if remembered is not None:
        remember(remembered, found)
    return found


def remember(path: Path, found: Mapping[int, str]) -> None:
    """Write what was found, whole or not at all."""
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(found))
        unfinished.replace(path)
