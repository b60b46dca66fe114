"""MS-COCO."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from lplcore.data.images.files import View
from lplcore.data.images.instances import labelled, read_instances, refuse_shared_ids
from lplcore.data.images.listing import Lists
from lplcore.data.images.published import Published
from lplcore.datasets.listed_images import ListedImages
from lplcore.errors import DatasetError


class MsCoco(ListedImages):
    """COCO 2014, trained on train2014 and tested on val2014; images without any object are left out."""

    title: ClassVar[str] = "MS-COCO"
    citation: ClassVar[str] = "Lin et al., Microsoft COCO: common objects in context, ECCV 2014"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    default_model: ClassVar[str] = "resnet101"
    default_augmentation: ClassVar[str | Sequence[Mapping[str, Any]]] = (
        {"name": "multi_scale_crop"},
        {"name": "horizontal_flip"},
    )
    default_epochs: ClassVar[int] = 40
    folder: ClassVar[str] = "coco"
    forms: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("annotations/instances_train2014.json", "annotations/instances_val2014.json"),
    )
    images_at: ClassVar[str] = "train2014/ and val2014/ beside them"
    published: ClassVar[Published] = Published(80, 82_081, 40_137)

    name: Literal["ms_coco"] = "ms_coco"
    image_size: int = Field(448, ge=8, le=1024, description="pixels per side of what the network sees")
    view: View = "stretch"

    def lists(self, root: Path, names: Sequence[str]) -> Lists:
        train, test = (
            read_instances(root / name, folder=f"{split}2014")
            for name, split in zip(names, ("train", "val"), strict=True)
        )
        if train.classes != test.classes:
            raise DatasetError("name", f"{names[0]} and {names[1]} have other categories; fetch them again")
        refuse_shared_ids(train.listed, test.listed)
        return Lists(train.classes, labelled(train.listed), labelled(test.listed))
