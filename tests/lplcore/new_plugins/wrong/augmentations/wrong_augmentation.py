"""An augmentation that draws by itself."""

from typing import ClassVar, Literal

import torch
from torch import Tensor

from lplcore.augmentations import Augmentation


class WrongAugmentation(Augmentation):
    """Shifts brightness by torch's global generator, which the run does not seed by position."""

    title: ClassVar[str] = "Wrong augmentation"
    images_only: ClassVar[bool] = True

    name: Literal["wrong_augmentation"] = "wrong_augmentation"

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        return images // torch.randint(2, 200, (images.shape[0], 1, 1, 1), dtype=torch.uint8)
