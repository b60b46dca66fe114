"""COCO's annotations: the categories of the objects in each image, as multi-hot rows. N images, C categories."""

from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from lplcore.data.images.inaturalist import categories_of, read_json, rows_of, unique
from lplcore.data.images.listing import Listed, plain
from lplcore.errors import DatasetError
from lplcore.plugin import quoted


class Instances(NamedTuple):
    """What a file says."""

    classes: tuple[str, ...]
    """The categories in the order of their ids."""
    listed: Listed
    """Labels [N, C], 1 where the image has an object of the category, crowds among them."""


def read_instances(path: Path, *, folder: str) -> Instances:
    """Images below a folder with the categories of their objects.

    Raises:
        DatasetError: the file is broken, or an object is of an unknown image or category; the message names its id.
    """
    content = read_json(path)
    names = categories_of(content, path.name)
    images = rows_of(content, "images", path.name, {"id": int, "file_name": str})
    objects = rows_of(content, "annotations", path.name, {"image_id": int, "category_id": int})
    column = {category: place for place, category in enumerate(sorted(names))}
    row = {image["id"]: place for place, image in enumerate(images)}
    if len(row) < len(images):
        raise DatasetError("name", f"{path.name}: two images have one id; fetch the file again")
    labels = np.zeros((len(images), len(column)), dtype=np.int64)
    for each in objects:
        image, category = each["image_id"], each["category_id"]
        if image not in row or category not in column:
            what = f"image {image}" if image not in row else f"category {category}"
            raise DatasetError("name", f"{path.name}: an annotation is of the unknown {what}; fetch the file again")
        labels[row[image], column[category]] = 1
    paths = [plain(f"{folder}/{image['file_name']}") for image in images]
    return Instances(unique(names, sorted(names)), Listed(path.name, paths, labels))


def refuse_shared_ids(train: Listed, test: Listed) -> None:
    """Images that two splits have, by the numbers at the ends of their names: each split has a folder of its own.

    Raises:
        DatasetError: there is one.
    """
    ids = {number_of(name) for name in train.names}
    shared = next((name for name in test.names if number_of(name) in ids), None)
    if shared is not None:
        message = f"the image of {quoted(shared)} is in {train.listing} too; remove it from one of them"
        raise DatasetError("name", f"{test.listing}: {message}")


def number_of(name: str) -> str:
    """The number of an image, with which its file's name ends."""
    return PurePosixPath(name).stem.rpartition("_")[2]


def labelled(listed: Listed) -> Listed:
    """The images that have a label."""
    places = np.flatnonzero(listed.labels.any(axis=1))
    return Listed(listed.listing, [listed.names[place] for place in places.tolist()], listed.labels[places])
