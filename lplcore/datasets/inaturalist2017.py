"""iNaturalist 2017."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from lplcore.data.images.inaturalist import read_json_lists
from lplcore.data.images.listing import Lists
from lplcore.data.images.published import Published
from lplcore.datasets.listed_images import ListedImages


class INaturalist2017(ListedImages):
    """Photographs of 5,089 species; the test split is its validation images, as in every paper."""

    title: ClassVar[str] = "iNaturalist 2017"
    citation: ClassVar[str] = "Van Horn et al., The iNaturalist species classification and detection dataset, CVPR 2018"
    folder: ClassVar[str] = "inaturalist2017"
    forms: ClassVar[tuple[tuple[str, ...], ...]] = (("train2017.json", "val2017.json"),)
    images_at: ClassVar[str] = "the images' folder train_val_images/, or a link to it, beside them"
    published: ClassVar[Published] = Published(5_089, 579_184, 95_986)

    name: Literal["inaturalist2017"] = "inaturalist2017"

    def lists(self, root: Path, names: Sequence[str]) -> Lists:
        return read_json_lists(root / names[0], root / names[1])
