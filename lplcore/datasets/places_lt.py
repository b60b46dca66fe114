"""Places-LT."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from lplcore.data.images.listing import Lists
from lplcore.data.images.published import Published
from lplcore.datasets.listed_images import ListedImages, long_tailed


class PlacesLT(ListedImages):
    """A long-tailed subset of Places365's training images, 4,980 to 5 of each class."""

    title: ClassVar[str] = "Places-LT"
    citation: ClassVar[str] = "Liu et al., Large-scale long-tailed recognition in an open world, CVPR 2019"
    default_epochs: ClassVar[int] = 30
    folder: ClassVar[str] = "places_lt"
    forms: ClassVar[tuple[tuple[str, ...], ...]] = (("Places_LT_train.txt", "Places_LT_val.txt", "Places_LT_test.txt"),)
    images_at: ClassVar[str] = "the folders of Places365 that they name, or links to them, beside them"
    published: ClassVar[Published] = Published(365, 62_500, 36_500, 7_300, largest=4_980, smallest=5)

    name: Literal["places_lt"] = "places_lt"

    def lists(self, root: Path, names: Sequence[str]) -> Lists:
        return long_tailed(root, names, self.published)
