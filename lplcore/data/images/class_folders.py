"""Trees of class folders: `train/ val/ test/` of them, or class folders alone. The name of a folder is its class's."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from lplcore.data.class_names import in_natural_order
from lplcore.data.data_files import stamp
from lplcore.data.images.folder import MAX_CLASSES, MAX_IMAGES, LabelledFolder
from lplcore.data.images.lines import LabelledImage
from lplcore.errors import DatasetError
from lplcore.plugin import quoted

SPLITS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}
ENDINGS = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
TEST_SHARE = 5
"""One of so many images of a class is a test image where a tree has no splits."""
NAMED = 3
VALIDATION_IS_TEST = "there is no test folder: the images of val are the test split, and nothing is left to validate"
OWN_SPLIT = (
    "there are no train and test folders: a fifth of each class, by the hash of its file names, is the test split"
)


def class_folders_of(folder: Path, *, task: str | None) -> LabelledFolder:
    """The images of a tree and their classes; looked through once and remembered as long as no folder changes.

    Raises:
        DatasetError: it is no such tree; the message names what is wrong.
    """
    if task == "multi_label":
        raise DatasetError("name", f"{folder.name}: an image in a class folder has one label; leave the task out")
    return read_tree(folder, stamp(folders_below(folder)))


def folders_below(folder: Path) -> list[Path]:
    """All folders of a tree, itself the first: they change when a file comes, goes or gets another name."""
    return [Path(path) for path, _, _ in os.walk(folder)]


@lru_cache(maxsize=4)
def read_tree(folder: Path, stamped: str) -> LabelledFolder:
    """As `class_folders_of`."""
    root = Path(os.path.realpath(folder))
    top = subfolders(root)
    has_splits = "train" in top and set(top) <= set(SPLITS) and bool(subfolders(root / "train"))
    parts: dict[str, list[LabelledImage]] = {"train": [], "validation": [], "test": []}
    others: list[str] = []
    notes: tuple[str, ...] = ()
    if has_splits:
        for name in top:
            parts[SPLITS[name]] += images_in(root, name, SPLITS[name], others)
        names = subfolders(root / "train")
        refuse_unknown(root, top, names)
        if parts["validation"] and not parts["test"]:
            parts, notes = {**parts, "validation": [], "test": parts["validation"]}, (VALIDATION_IS_TEST,)
    else:
        names = top
        parts["train"], parts["test"] = own_split(list(images_in(root, "", "train", others)))
        notes = (OWN_SPLIT,)
    if not 2 <= len(names) <= MAX_CLASSES:
        raise DatasetError("name", f"{root.name} has {len(names)} class folders; from 2 to {MAX_CLASSES} can be used")
    if not parts["train"]:
        raise DatasetError("name", f"{root.name} has no training images ({', '.join(sorted(ENDINGS))}); add some")
    classes = in_natural_order(names)
    return LabelledFolder(
        root,
        "single_label",
        classes,
        train=tuple(parts["train"]),
        validation=tuple(parts["validation"]),
        test=tuple(parts["test"]),
        notes=(*notes, *noted(others, sorted(set(classes) - {image.labels[0] for image in parts["train"]}))),
        source=hashlib.sha256(json.dumps(classes).encode()).hexdigest(),
        listing="",
    )


def subfolders(folder: Path) -> list[str]:
    """Names of the folders in a folder, hidden ones excepted."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    except OSError as error:
        raise DatasetError("name", f"{folder.name} cannot be read: {error.strerror}; make it readable") from error


def images_in(root: Path, part: str, split: str, others: list[str]) -> Iterator[LabelledImage]:
    """The images of all class folders in a part of the tree; what is no image by its ending is added to `others`."""
    number = 0
    for name in subfolders(root / part):
        for path, _, files in os.walk(root / part / name):
            below = Path(path).relative_to(root)
            for file in sorted(files):
                if Path(file).suffix.lower() not in ENDINGS or file.startswith("."):
                    others.append(str(below / file))
                    continue
                number += 1
                if number > MAX_IMAGES:
                    raise DatasetError("name", f"{root.name} has more than {MAX_IMAGES} images; split the data set")
                yield LabelledImage(0, split, str(below / file), (name,))


def refuse_unknown(root: Path, splits: Sequence[str], classes: Sequence[str]) -> None:
    """A class without a folder in train."""
    for split in splits:
        unknown = sorted(set(subfolders(root / split)) - set(classes))
        if unknown:
            where = f"{split}/{unknown[0]}"
            raise DatasetError("name", f"{quoted(where)} is no class of train; add it there, or remove the folder")


def own_split(images: Sequence[LabelledImage]) -> tuple[list[LabelledImage], list[LabelledImage]]:
    """Training and test images; of each class with two or more, at least one of both.

    An image that is added moves at most one of the others.
    """
    by_class: dict[str, list[LabelledImage]] = {}
    for image in images:
        by_class.setdefault(image.labels[0], []).append(image)
    train, test = list[LabelledImage](), list[LabelledImage]()
    for members in by_class.values():
        number = max(1, round(len(members) / TEST_SHARE)) if len(members) > 1 else 0
        chosen = {image.file for image in sorted(members, key=hashed)[:number]}
        train += [image for image in members if image.file not in chosen]
        test += [image._replace(split="test") for image in members if image.file in chosen]
    return train, test


def hashed(image: LabelledImage) -> bytes:
    """What orders images at random, by their names alone."""
    return hashlib.sha256(image.file.encode("utf-8", "surrogateescape")).digest()


def noted(others: Sequence[str], empty: Sequence[str]) -> tuple[str, ...]:
    """Notes on files that are no images and on classes without any."""
    notes = []
    if others:
        notes.append(f"{len(others)} files that are no images by their endings are left out: {some(others)}")
    if empty:
        notes.append(f"{len(empty)} classes have no training image: {some(empty)}")
    return tuple(notes)


def some(names: Sequence[str]) -> str:
    """The first few names."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
