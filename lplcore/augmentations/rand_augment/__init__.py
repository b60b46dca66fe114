"""RandAugment."""

from lplcore.augmentations.rand_augment.rand_augment import RandAugment

__all__ = ["RandAugment"]
