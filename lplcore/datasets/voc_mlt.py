"""VOC-MLT."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from lplcore.data.arrays.long_tailed_ids import read_ids
from lplcore.data.images.files import View
from lplcore.data.images.listing import Lists
from lplcore.data.images.published import Published
from lplcore.data.images.voc import CLASSES, read_image_set
from lplcore.datasets.listed_images import MULTI_LABEL_RECIPE, ListedImages


class VocMlt(ListedImages):
    """A long-tailed subset of VOC 2012's training images, 775 to 4 of each class; tested on VOC 2007's.

    Objects marked difficult in the test annotations are left out, as VOC's own evaluation does; the training labels are
    those of the published list.
    """

    title: ClassVar[str] = "VOC-MLT"
    citation: ClassVar[str] = "Wu et al., Distribution-balanced loss for multi-label classification, ECCV 2020"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    default_augmentation: ClassVar[str | Sequence[Mapping[str, Any]]] = MULTI_LABEL_RECIPE
    default_epochs: ClassVar[int] = 8
    folder: ClassVar[str] = "VOCdevkit"
    forms: ClassVar[tuple[tuple[str, ...], ...]] = tuple(
        (f"{below}voc_mlt_train.npz", "VOC2007/ImageSets/Main/test.txt") for below in ("", "data/")
    )
    images_at: ClassVar[str] = "VOC2012/JPEGImages, VOC2007/JPEGImages and VOC2007/Annotations beside them"
    published: ClassVar[Published] = Published(20, 1_142, 4_952, largest=775, smallest=4)

    name: Literal["voc_mlt"] = "voc_mlt"
    view: View = "stretch"

    def lists(self, root: Path, names: Sequence[str]) -> Lists:
        train = read_ids(root / names[0], classes=len(CLASSES), name_of="VOC2012/JPEGImages/{}.jpg".format)
        return Lists(CLASSES, train, read_image_set(root / names[1], root / "VOC2007"))
