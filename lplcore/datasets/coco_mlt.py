"""COCO-MLT."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from lplcore.data.arrays.long_tailed_ids import read_ids
from lplcore.data.images.files import View
from lplcore.data.images.instances import read_instances, refuse_shared_ids
from lplcore.data.images.listing import Lists
from lplcore.data.images.published import Published
from lplcore.datasets.listed_images import MULTI_LABEL_RECIPE, ListedImages


class CocoMlt(ListedImages):
    """A long-tailed subset of COCO 2017's training images, 1,128 to 6 of each class; tested on all of its val2017."""

    title: ClassVar[str] = "COCO-MLT"
    citation: ClassVar[str] = "Wu et al., Distribution-balanced loss for multi-label classification, ECCV 2020"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    default_augmentation: ClassVar[str | Sequence[Mapping[str, Any]]] = MULTI_LABEL_RECIPE
    default_epochs: ClassVar[int] = 8
    folder: ClassVar[str] = "coco"
    forms: ClassVar[tuple[tuple[str, ...], ...]] = tuple(
        (f"{below}coco_mlt_train.npz", "annotations/instances_val2017.json") for below in ("", "data/")
    )
    images_at: ClassVar[str] = "train2017/ and val2017/ beside them"
    published: ClassVar[Published] = Published(80, 1_909, 5_000, largest=1_128, smallest=6)

    name: Literal["coco_mlt"] = "coco_mlt"
    view: View = "stretch"

    def lists(self, root: Path, names: Sequence[str]) -> Lists:
        test = read_instances(root / names[1], folder="val2017")
        train = read_ids(root / names[0], classes=len(test.classes), name_of=file_of)
        refuse_shared_ids(train, test.listed)
        return Lists(test.classes, train, test.listed)


def file_of(image: str) -> str:
    """The file of an image by its id."""
    return f"train2017/{image.zfill(12)}.jpg"
