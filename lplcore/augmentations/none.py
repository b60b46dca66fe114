"""No augmentation."""

from typing import ClassVar, Literal

from torch import Tensor

from lplcore.augmentations import Augmentation


class NoAugmentation(Augmentation):
    """Images as they are."""

    title: ClassVar[str] = "None"

    name: Literal["none"] = "none"

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        return images
