"""OLTR: open long-tailed recognition."""

from lplcore.procedures.oltr.oltr import Oltr

__all__ = ["Oltr"]
