"""iNaturalist 2018."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from lplcore.data.images.inaturalist import read_json_lists
from lplcore.data.images.listing import Lists, lists_of, read_list
from lplcore.data.images.published import Published
from lplcore.datasets.listed_images import ListedImages


class INaturalist2018(ListedImages):
    """Photographs of 8,142 species, 1,000 to 2 of each; the test split is its validation images, as in every paper."""

    title: ClassVar[str] = "iNaturalist 2018"
    citation: ClassVar[str] = "Van Horn et al., The iNaturalist species classification and detection dataset, CVPR 2018"
    folder: ClassVar[str] = "inaturalist2018"
    forms: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("train2018.json", "val2018.json"),
        ("iNaturalist18_train.txt", "iNaturalist18_val.txt"),
    )
    images_at: ClassVar[str] = "the images' folder train_val2018/, or a link to it, beside them"
    published: ClassVar[Published] = Published(8_142, 437_513, 24_426, largest=1_000, smallest=2)

    name: Literal["inaturalist2018"] = "inaturalist2018"

    def lists(self, root: Path, names: Sequence[str]) -> Lists:
        if names == self.forms[0]:
            return read_json_lists(root / names[0], root / names[1])
        train, test = (read_list(root / name, classes=self.published.classes) for name in names)
        return lists_of(train, test)
