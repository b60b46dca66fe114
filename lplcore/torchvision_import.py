"""The only module that imports torchvision.

The package index's torchvision for Linux is linked to CUDA. Beside a CPU build of torch its operators cannot be
registered and its import fails on `torchvision::nms`; with the schemas of two operators declared it imports, and
everything but detection and JPEG decoding works. Nothing changes where the first import succeeds.
"""

import importlib
import sys
from typing import Any

from torch import library

MISSING_OPERATOR = "operator torchvision::nms does not exist"
SCHEMAS = {
    "torchvision::nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "torchvision::qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def import_torchvision() -> Any:
    """torchvision, mended where its operators cannot load."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if MISSING_OPERATOR not in str(error):
            raise
    for name in [name for name in sys.modules if name == "torchvision" or name.startswith("torchvision.")]:
        del sys.modules[name]
    for name, schema in SCHEMAS.items():
        library.define(name, schema)
    return importlib.import_module("torchvision")


torchvision = import_torchvision()
