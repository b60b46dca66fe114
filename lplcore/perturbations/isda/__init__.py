"""ISDA, implicit semantic data augmentation."""

from lplcore.perturbations.isda.isda import Isda

__all__ = ["Isda"]
