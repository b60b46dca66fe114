"""Small copies of the presets' data sets in their official layouts, and the weights that presets begin with."""

from pathlib import Path

import torch

from lplcore.torchvision_import import torchvision
from tests.lplcore_training.coco_trees import coco_mlt, ms_coco, voc
from tests.lplcore_training.image_trees import inaturalist2017, inaturalist2018
from tests.lplcore_training.test_cifar import write_binary10, write_binary100

WEIGHTS = {"resnet50": "resnet50-0676ba61.pth", "resnet101": "resnet101-63fe2227.pth"}


def write_all(data_dir: Path) -> None:
    """Every data set but CIFAR's, and the weights."""
    for species in (inaturalist2017, inaturalist2018):
        species(data_dir)
    for labelled in (voc, coco_mlt, ms_coco):
        labelled(data_dir / "datasets")
    (data_dir / "weights").mkdir()
    for architecture, name in WEIGHTS.items():
        network = getattr(torchvision.models, architecture)(weights=None)
        torch.save(network.state_dict(), data_dir / "weights" / name)


def write_cifar(data_dir: Path) -> None:
    """CIFAR-10 and CIFAR-100."""
    write_binary10(data_dir)
    write_binary100(data_dir)
