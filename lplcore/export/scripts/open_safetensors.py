"""Loads weights from a safetensors file into the function of `network.py`."""

import json
import runpy
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from lplcore.export.scripts.inputs import HERE

TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
TYPES |= {"I64": torch.int64, "I32": torch.int32, "U8": torch.uint8, "BOOL": torch.bool}


def open_network() -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """From normalised inputs to logits and probabilities."""
    network, weights = runpy.run_path(str(HERE / "network.py")), read_weights()
    return partial(network["forward"], *(weights[name] for name in network["WEIGHTS"]))


def read_weights() -> dict[str, Tensor]:
    """Tensors by name. The file: length of the header in 8 bytes, the header as JSON, the tensors' bytes."""
    content = bytearray((HERE / "model.safetensors").read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
    return {name: tensor_of(content[start:], entry) for name, entry in entries.items()}


def tensor_of(content: bytearray, entry: dict[str, list[int]]) -> Tensor:
    """A tensor from what the header says of it."""
    first, end = entry["data_offsets"]
    kind, data = TYPES[str(entry["dtype"])], content[first:end]
    return (torch.frombuffer(data, dtype=kind) if data else torch.empty(0, dtype=kind)).reshape(entry["shape"])
