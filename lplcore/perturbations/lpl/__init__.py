"""LPL, class-level logit perturbation."""

from lplcore.perturbations.lpl.class_bounds import ClassBounds, class_bounds
from lplcore.perturbations.lpl.lpl import Lpl

__all__ = ["ClassBounds", "Lpl", "class_bounds"]
