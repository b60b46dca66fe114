"""Small copies of the presets' data sets in their official layouts, and the weights that presets begin with."""

import json
from pathlib import Path

import torch

from lplcore.torchvision_import import torchvision
from tests.lplcore_training.coco_trees import coco_mlt, ms_coco, photograph, voc
from tests.lplcore_training.test_cifar import write_binary10, write_binary100

WEIGHTS = {"resnet50": "resnet50-0676ba61.pth", "resnet101": "resnet101-63fe2227.pth"}
SPECIES = 4


def write_all(data_dir: Path) -> None:
    """Every data set, without CIFAR's files, and the weights."""
    for year, images in ((2017, "train_val_images"), (2018, "train_val2018")):
        write_inaturalist(data_dir, year, images)
    for write in (voc, coco_mlt, ms_coco):
        write(data_dir / "datasets")
    (data_dir / "weights").mkdir()
    for architecture, name in WEIGHTS.items():
        network = getattr(torchvision.models, architecture)(weights=None)
        torch.save(network.state_dict(), data_dir / "weights" / name)


def write_cifar(data_dir: Path) -> None:
    """CIFAR-10 and CIFAR-100."""
    write_binary10(data_dir)
    write_binary100(data_dir)


def write_inaturalist(data_dir: Path, year: int, images: str) -> None:
    """Photographs of a few species: fewer of each to train with, one to test with."""
    root = data_dir / "datasets" / f"inaturalist{year}"
    categories = [{"id": c, "name": f"species {c}"} for c in range(SPECIES)]
    splits = {"train": [c for c in range(SPECIES) for _ in range(2 * SPECIES - 2 * c)], "val": list(range(SPECIES))}
    first = 0
    for split, labels in splits.items():
        names = [f"{images}/Aves/{c}/{first + n}.jpg" for n, c in enumerate(labels)]
        for n, name in enumerate(names):
            photograph(root / name, first + n)
        content = {
            "images": [{"id": first + n, "file_name": name} for n, name in enumerate(names)],
            "annotations": [{"id": n, "image_id": first + n, "category_id": c} for n, c in enumerate(labels)],
            "categories": categories,
        }
        (root / f"{split}{year}.json").write_text(json.dumps(content))
        first += len(labels)
