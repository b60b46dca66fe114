"""The operations of RandAugment, and how strong each is."""

import math
from dataclasses import dataclass
from enum import IntEnum, auto

BINS = 30
"""Steps from no change to the strongest."""


class Operation(IntEnum):
    """What is done to an image; a number drawn uniformly names one."""

    IDENTITY = 0
    SHEAR_X = auto()
    SHEAR_Y = auto()
    TRANSLATE_X = auto()
    TRANSLATE_Y = auto()
    ROTATE = auto()
    BRIGHTNESS = auto()
    COLOR = auto()
    CONTRAST = auto()
    SHARPNESS = auto()
    POSTERIZE = auto()
    SOLARIZE = auto()
    AUTO_CONTRAST = auto()
    EQUALIZE = auto()


@dataclass(frozen=True)
class Strength:
    """How strong the operations are at a magnitude, in torchvision's ranges."""

    magnitude: int
    """0 to 30."""

    @property
    def share(self) -> float:
        """Of the strongest, 0 to 1."""
        return self.magnitude / BINS

    @property
    def shear(self) -> float:
        """Tangent of the angle, at most 0.3."""
        return 0.3 * self.share

    def shift(self, pixels: int) -> int:
        """Pixels of a translation along a side of so many, at most 150 of 331."""
        return int(150 / 331 * pixels * self.share)

    @property
    def angle(self) -> float:
        """Of the rotation, in radians, at most 30 degrees."""
        return math.radians(30 * self.share)

    @property
    def blend(self) -> float:
        """How far the factors of brightness, colour, contrast and sharpness are from 1, at most 0.9."""
        return 0.9 * self.share

    @property
    def bits(self) -> int:
        """That posterising keeps, at least 4."""
        return round(8 - 4 * self.share)

    @property
    def threshold(self) -> float:
        """Grey level from which solarising inverts."""
        return 255 * (1 - self.share)
