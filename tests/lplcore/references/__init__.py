"""Slow references: every formula once more, example by example and class by class, in Python's floats.

Written from the papers and not from the code under test. Every module of this folder is read: a new plug-in's reference
is a file of its own here.
"""

import importlib
import pkgutil

from tests.lplcore.references.registry import REFERENCES, Key, Reference, Situation

for module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{module.name}")

__all__ = ["REFERENCES", "Key", "Reference", "Situation"]
