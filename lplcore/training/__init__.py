"""Training: a spec in, events out."""

from lplcore.training.trainer import train

__all__ = ["train"]
