"""Small trees in the published layouts of VOC-MLT, COCO-MLT and MS-COCO."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lplcore.data.images.voc import CLASSES

COCO_CLASSES = 80
Json = dict[str, Any]


def photograph(path: Path, seed: int) -> None:
    """A small JPEG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    width, height = (int(side) for side in generator.integers(20, 60, size=2))
    coarse = generator.integers(0, 256, size=(4, 4, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((width, height)).save(path, quality=90)


def multi_hot(number: int, classes: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    """Labels [number, classes] in which every class occurs."""
    y = np.zeros((number, classes), dtype=np.uint8)
    for place in range(max(number, classes)):
        y[place % number, place % classes] = 1
    return y


def voc(datasets: Path, *, train: int = 12, test: int = 6) -> Path:
    """VOC-MLT; the first object of each test image is marked difficult."""
    root = datasets / "VOCdevkit"
    ids = [f"2008_{index:06d}" for index in range(train)]
    for index, image in enumerate(ids):
        photograph(root / "VOC2012" / "JPEGImages" / f"{image}.jpg", index)
    np.savez(root / "voc_mlt_train.npz", img_id=np.array(ids), y=multi_hot(train, len(CLASSES)))
    year = root / "VOC2007"
    (year / "ImageSets" / "Main").mkdir(parents=True)
    (year / "Annotations").mkdir()
    names = [f"{index:06d}" for index in range(test)]
    (year / "ImageSets" / "Main" / "test.txt").write_text("\n".join(names) + "\n")
    for index, image in enumerate(names):
        photograph(year / "JPEGImages" / f"{image}.jpg", 100 + index)
        objects = [("dog", 1), (CLASSES[index], 0), ("person", 0)]
        inside = "".join(f"<object><name>{n}</name><difficult>{d}</difficult></object>" for n, d in objects)
        (year / "Annotations" / f"{image}.xml").write_text(f"<annotation>{inside}</annotation>")
    return root


def instances(number: int, prefix: str, *, labelled: int, first: int = 100) -> Json:
    """COCO's annotations of so many images, the first ones labelled; category ids leave gaps, as published."""
    categories = [{"id": 1 + place + place // 10, "name": f"thing {place}"} for place in range(COCO_CLASSES)]
    images = [{"id": first + index, "file_name": f"{prefix}{first + index:012d}.jpg"} for index in range(number)]
    objects: list[Json] = []
    for place in range(COCO_CLASSES):
        image = first + place % labelled
        objects.append({"image_id": image, "category_id": categories[place]["id"], "segmentation": [[0.5] * 6]})
    return {"images": images, "annotations": objects, "categories": categories}


def write_instances(root: Path, split: str, content: Json, *, folder: str) -> None:
    """Annotations, and the images that they speak of."""
    (root / "annotations").mkdir(parents=True, exist_ok=True)
    (root / "annotations" / f"instances_{split}.json").write_text(json.dumps(content))
    for image in content["images"]:
        photograph(root / folder / image["file_name"], image["id"])


def coco_mlt(datasets: Path, *, train: int = 12, test: int = 6) -> Path:
    """COCO-MLT."""
    root = datasets / "coco"
    write_instances(root, "val2017", instances(test, "", labelled=test - 1), folder="val2017")
    ids = [str(500 + index) for index in range(train)]
    for image in ids:
        photograph(root / "train2017" / f"{int(image):012d}.jpg", int(image))
    np.savez(root / "coco_mlt_train.npz", img_id=np.array(ids), y=multi_hot(train, COCO_CLASSES))
    return root


def ms_coco(datasets: Path, *, train: int = 12, test: int = 6) -> Path:
    """COCO 2014, of each split one image without any object."""
    root = datasets / "coco"
    for split, number, first in (("train2014", train, 100), ("val2014", test, 300)):
        content = instances(number, f"COCO_{split}_", labelled=number - 1, first=first)
        write_instances(root, split, content, folder=split)
    return root
