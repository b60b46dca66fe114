"""Small trees of images in the published layouts: three classes, JPEG files of several sizes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

CLASSES, TRAIN, TEST = 3, 15, 6
WNIDS = ("n01443537", "n01629819", "n02124075")


def picture(path: Path, seed: int, *, side: int | None = None) -> None:
    """A JPEG file; its size depends on the seed where no side is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    size = (side, side) if side else (int(random.integers(20, 48)), int(random.integers(20, 48)))
    coarse = random.integers(0, 256, size=(4, 4, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize(size).save(path, quality=90)


def pictures(root: Path, named: Callable[[int, int], str], *, first: int, number: int) -> list[tuple[str, int]]:
    """(name, label) of so many new images; `named` takes the image's number and its label."""
    listed = [(named(index, index % CLASSES), index % CLASSES) for index in range(first, first + number)]
    for index, (name, _) in enumerate(listed, start=first):
        picture(root / name, index)
    return listed


def write_list(path: Path, listed: list[tuple[str, int]]) -> None:
    """`path label` a line."""
    path.write_text("".join(f"{name} {label}\n" for name, label in listed))


def json_of(listed: list[tuple[str, int]], *, first: int) -> dict[str, Any]:
    """What iNaturalist publishes of these images; categories have ids 10, 20 and 30."""
    return {
        "info": {"year": 2018},
        "images": [
            {"id": index, "file_name": name, "width": 30, "license": 1}
            for index, (name, _) in enumerate(listed, start=first)
        ],
        "annotations": [
            {"id": index, "image_id": index, "category_id": 10 * label + 10}
            for index, (_, label) in enumerate(listed, start=first)
        ],
        "categories": [
            {"id": 10 * place + 10, "name": f"Species {'abc'[place]}"} for place in reversed(range(CLASSES))
        ],
    }


def inaturalist(data_dir: Path, year: int, *, form: str = "json") -> Path:
    """iNaturalist 2017 or 2018 in JSON files, or 2018 in lists."""
    root = data_dir / "datasets" / f"inaturalist{year}"
    folder = "train_val2018" if year == 2018 else "train_val_images"

    def named(index: int, label: int) -> str:
        return f"{folder}/Aves/{label}/{index}.jpg"

    for split, first, number in (("train", 0, TRAIN), ("val", TRAIN, TEST)):
        listed = pictures(root, named, first=first, number=number)
        if form == "json":
            (root / f"{split}{year}.json").write_text(json.dumps(json_of(listed, first=first)))
        else:
            write_list(root / f"iNaturalist18_{split}.txt", listed)
    return root


def inaturalist2018(data_dir: Path) -> Path:
    """iNaturalist 2018 in JSON files."""
    return inaturalist(data_dir, 2018)


def inaturalist2018_lists(data_dir: Path) -> Path:
    """iNaturalist 2018 in the field's lists."""
    return inaturalist(data_dir, 2018, form="lists")


def inaturalist2017(data_dir: Path) -> Path:
    """iNaturalist 2017."""
    return inaturalist(data_dir, 2017)


def imagenet_lt(data_dir: Path) -> Path:
    """ImageNet-LT, whose ImageNet lies elsewhere and is linked to."""
    root, imagenet = data_dir / "datasets" / "imagenet_lt", data_dir / "imagenet"
    root.mkdir(parents=True)
    for split, folder, first, number in (("train", "train", 0, TRAIN), ("val", "train", 15, 6), ("test", "val", 21, 6)):
        listed = pictures(imagenet, lambda i, c, f=folder: f"{f}/{WNIDS[c]}/{i}.JPEG", first=first, number=number)  # type: ignore[misc]
        write_list(root / f"ImageNet_LT_{split}.txt", listed)
    for folder in ("train", "val"):
        (root / folder).symlink_to(imagenet / folder)
    return root


def places_lt(data_dir: Path) -> Path:
    """Places-LT."""
    root = data_dir / "datasets" / "places_lt"

    def train(index: int, label: int) -> str:
        return f"data_256/{'abc'[label]}/place {label}/{index:08}.jpg"

    def other(index: int, label: int) -> str:
        return f"val_256/Places365_val_{index:08}.jpg"

    write_list_of = {"train": (train, 0, TRAIN), "val": (other, 15, 6), "test": (other, 21, 6)}
    for split, (named, first, number) in write_list_of.items():
        write_list(root / f"Places_LT_{split}.txt", pictures(root, named, first=first, number=number))
    return root


def tiny_imagenet(data_dir: Path) -> Path:
    """Tiny-ImageNet."""
    root = data_dir / "datasets" / "tiny-imagenet-200"
    for index in range(TRAIN):
        wnid = WNIDS[index % CLASSES]
        picture(root / "train" / wnid / "images" / f"{wnid}_{index}.JPEG", index, side=64)
        (root / "train" / wnid / f"{wnid}_boxes.txt").write_text(f"{wnid}_0.JPEG\t0\t0\t63\t63\n")
    for index in range(TEST):
        picture(root / "val" / "images" / f"val_{index}.JPEG", TRAIN + index, side=64)
    lines = (f"val_{index}.JPEG\t{WNIDS[index % CLASSES]}\t0\t0\t63\t63\n" for index in range(TEST))
    (root / "val" / "val_annotations.txt").write_text("".join(lines))
    (root / "wnids.txt").write_text("".join(f"{wnid}\n" for wnid in WNIDS))
    (root / "words.txt").write_text(f"{WNIDS[0]}\tgoldfish\nn00000001\tentity\n{WNIDS[2]}\tgoldfish\n")
    return root
