"""ImageNet-LT."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from lplcore.data.images.listing import Lists
from lplcore.data.images.published import Published
from lplcore.datasets.listed_images import ListedImages, long_tailed


class ImageNetLT(ListedImages):
    """A long-tailed subset of ImageNet's training images, 1,280 to 5 of each class."""

    title: ClassVar[str] = "ImageNet-LT"
    citation: ClassVar[str] = "Liu et al., Large-scale long-tailed recognition in an open world, CVPR 2019"
    folder: ClassVar[str] = "imagenet_lt"
    forms: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("ImageNet_LT_train.txt", "ImageNet_LT_val.txt", "ImageNet_LT_test.txt"),
    )
    images_at: ClassVar[str] = "ImageNet's folders train/ and val/, or links to them, beside them"
    published: ClassVar[Published] = Published(1_000, 115_846, 50_000, 20_000, largest=1_280, smallest=5)

    name: Literal["imagenet_lt"] = "imagenet_lt"

    def lists(self, root: Path, names: Sequence[str]) -> Lists:
        return long_tailed(root, names, self.published)
