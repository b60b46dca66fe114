"""LPL, class-level logit perturbation."""

from lplcore.perturbations.lpl.lpl import Lpl

__all__ = ["Lpl"]
