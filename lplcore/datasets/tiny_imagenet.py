"""Tiny-ImageNet."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from lplcore.data.images.files import View
from lplcore.data.images.listing import Lists
from lplcore.data.images.published import Published
from lplcore.data.images.tiny_imagenet import ANNOTATIONS, WNIDS, read_tiny_imagenet
from lplcore.data.raw import RegisteredDataset
from lplcore.datasets.listed_images import ListedImages


class TinyImageNet(ListedImages):
    """200 classes of ImageNet, 500 training images of 64 x 64 each; the validation images are the test split.

    Defaults are those of CIFAR, whose networks the field trains at 64 x 64.
    """

    title: ClassVar[str] = "Tiny-ImageNet"
    citation: ClassVar[str] = "Le and Yang, Tiny ImageNet visual recognition challenge, 2015"
    default_model: ClassVar[str] = "resnet32"
    default_augmentation: ClassVar[str | Sequence[Mapping[str, Any]]] = "pad_crop_flip"
    default_epochs: ClassVar[int] = 200
    folder: ClassVar[str] = "tiny-imagenet-200"
    forms: ClassVar[tuple[tuple[str, ...], ...]] = ((WNIDS, ANNOTATIONS),)
    images_at: ClassVar[str] = "train/<wnid>/images/ and val/images/ beside them"
    published: ClassVar[Published] = Published(200, 100_000, 10_000, largest=500, smallest=500)

    name: Literal["tiny_imagenet"] = "tiny_imagenet"
    image_size: int = Field(64, ge=8, le=1024, description="pixels per side of what the network sees")
    view: View = "stretch"

    def lists(self, root: Path, names: Sequence[str]) -> Lists:
        return read_tiny_imagenet(root)

    def files(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> list[Path]:
        root = self._root(data_dir)
        images = sorted(root.glob("train/*/images"))
        return [*super().files(data_dir, registered), root / "words.txt", *images, root / "val" / "images"]
