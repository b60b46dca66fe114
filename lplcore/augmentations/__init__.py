"""Augmentations: a batch of images at a time, on the device."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor

from lplcore.plugin import Plugin

if TYPE_CHECKING:
    from lplcore.augmentations.crop import Crop


class Augmentation(Plugin):
    """Changes training images, a batch at a time.

    Class attributes: `images_only` refuses vectors, `channels` are the numbers of channels that it can work on (None:
    any).
    """

    images_only: ClassVar[bool] = False
    channels: ClassVar[tuple[int, ...] | None] = None

    @property
    def draws(self) -> int:
        """How many random numbers an example takes; most plug-ins say it as a class attribute."""
        return 0

    @abstractmethod
    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Images [N, channels, H, W] before normalisation to the same shape and type.

        All randomness comes from `draws` [N, self.draws], float32 in [0, 1) on the images' device, a row for each image
        (`lplcore.randomness.rows`), so that it depends neither on the device nor on how the epoch is cut into batches.
        A step on a CUDA device is captured: nothing here may read a value on the host, or send a tensor from it.
        """

    @property
    def crop(self) -> "Crop | None":
        """What this begins with, where that chooses a part of the image: image files are cut as they are decoded."""
        return None

    @property
    def after_crop(self) -> "Augmentation":
        """What is left to do after `crop`; it takes the draws that are left, the last columns."""
        return self

    def check(self, input_shape: tuple[int, ...]) -> list[str]:
        """What does not fit the shape of one example."""
        if self.images_only and len(input_shape) != 3:
            return [f"{self.name!r} needs images, the data set has vectors; use 'none'"]
        if self.channels is not None and input_shape[0] not in self.channels:
            wanted = " or ".join(map(str, self.channels))
            return [f"{self.name!r} needs images of {wanted} channels, these have {input_shape[0]}; leave it out"]
        return []

    def problems(self, input_shape: tuple[int, ...]) -> list[tuple[str, str]]:
        """(field, message) for what does not fit the shape of one example."""
        return [("name", text) for text in self.check(input_shape)]
