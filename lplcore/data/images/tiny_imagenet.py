"""Tiny-ImageNet's layout: a folder of images for each class, and a list of the test images."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lplcore.data.class_names import fits, tidy
from lplcore.data.images.inaturalist import unique
from lplcore.data.images.listing import Listed, Lists, content_of, folders_in, plain
from lplcore.errors import DatasetError
from lplcore.plugin import quoted

WNIDS, WORDS, ANNOTATIONS = "wnids.txt", "words.txt", "val/val_annotations.txt"


def read_tiny_imagenet(root: Path) -> Lists:
    """Both splits; the classes are the lines of `wnids.txt`, by the words for them where there are any.

    Raises:
        DatasetError: a class or a line is wrong; the message names it.
    """
    wnids = wnids_of(root)
    classes = {wnid: place for place, wnid in enumerate(wnids)}
    words = words_of(root, classes)
    names = unique({wnid: words.get(wnid, wnid) for wnid in wnids}, list(wnids))
    return Lists(names, train_images(root, classes), test_images(root, classes))


def lines_of(path: Path) -> list[str]:
    """Lines of a text file."""
    return content_of(path, lambda path: path.read_text(encoding="utf-8-sig").splitlines())


def wnids_of(root: Path) -> tuple[str, ...]:
    """The classes, each once, with a folder of its own below `train`."""
    wnids: dict[str, int] = {}
    for number, line in enumerate(lines_of(root / WNIDS), start=1):
        wnid = line.strip()
        if wnid in wnids or not fits(wnid) or Path(wnid).name != wnid or wnid == "..":
            message = "expected a class that is in no other line" if wnid else "expected a class, got an empty line"
            raise DatasetError("name", f"{WNIDS} line {number}: {message}, got {quoted(wnid)}; correct it")
        wnids[wnid] = number
    if not wnids:
        raise DatasetError("name", f"{WNIDS} lists no class; fetch it again")
    extra = [folder.name for folder in folders_in(root / "train") if folder.name not in wnids]
    if extra:
        raise DatasetError("name", f"train/{extra[0]} is a class that {WNIDS} does not list; add or remove it")
    return tuple(wnids)


def words_of(root: Path, classes: Mapping[str, int]) -> dict[str, str]:
    """Words for these classes, of `words.txt` where there is one."""
    if not (root / WORDS).is_file():
        return {}
    entries = (line.partition("\t") for line in lines_of(root / WORDS))
    return {wnid: tidy(word) for wnid, _, word in entries if wnid in classes and fits(tidy(word))}


def train_images(root: Path, classes: Mapping[str, int]) -> Listed:
    """What the classes' folders hold, in the order of classes and names."""
    names: list[str] = []
    labels: list[int] = []
    for wnid, place in classes.items():
        images = images_in(root, f"train/{wnid}/images")
        names += images
        labels += [place] * len(images)
    return Listed("train", names, np.array(labels, dtype=np.int64))


def images_in(root: Path, folder: str) -> list[str]:
    """All but hidden files of a folder."""
    try:
        with os.scandir(root / folder) as entries:
            names = sorted(each.name for each in entries if not each.name.startswith(".") and not each.is_dir())
    except OSError as error:
        message = f"{folder}, a class of {WNIDS}, cannot be read: {error.strerror}"
        raise DatasetError("name", f"{message}; put its images there") from error
    if not names:
        raise DatasetError("name", f"{folder} holds no image; put its images there")
    return [f"{folder}/{name}" for name in names]


def test_images(root: Path, classes: Mapping[str, int]) -> Listed:
    """What `val_annotations.txt` lists: a file and its class, then the corners of a box."""
    names: list[str] = []
    labels: list[int] = []
    lines: list[int] = []
    for number, line in enumerate(lines_of(root / ANNOTATIONS), start=1):
        name, *rest = line.strip().split("\t")
        where = f"{ANNOTATIONS} line {number}"
        if not name or not rest:
            raise DatasetError("name", f"{where}: expected a file and its class, got {quoted(line)}; correct it")
        if rest[0] not in classes:
            raise DatasetError("name", f"{where}: {quoted(rest[0])} is no class of {WNIDS}; correct it")
        names.append(plain(f"val/images/{name}"))
        labels.append(classes[rest[0]])
        lines.append(number)
    if not names:
        raise DatasetError("name", f"{ANNOTATIONS} lists no image; fetch it again")
    return Listed(ANNOTATIONS, names, np.array(labels, dtype=np.int64), lines)
