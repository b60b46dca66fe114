"""A program as Python source: one function of the weights and the inputs, which needs torch alone."""

import re
from typing import Final

from torch import Tensor
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind

from lplcore.export.network import Unexportable

HEAD: Final = '''"""The network as a function of its weights: ATen's operations as torch.export recorded them.

Written by a program. `forward` takes the tensors that WEIGHTS names, in that order, and inputs [N, ...]; it gives
logits and probabilities [N, C].
"""

from math import inf, nan

import torch
from torch import device

'''
NAMES: Final = {"inf", "nan", "torch", "device", "NoneType", "fx_pytree", "pytree"}
"""What the recorder's source may refer to; those imported above are all that a network needs."""
UNUSED: Final = re.compile(r";  .*= None$", re.MULTILINE)


def weights_of(program: ExportedProgram) -> dict[str, Tensor]:
    """All tensors that a program brings along, by name, in the order in which it takes them."""
    held = {**program.constants, **program.state_dict}
    own = [each for each in program.graph_signature.input_specs if each.kind is not InputKind.USER_INPUT]
    return {str(each.target): held[str(each.target)].detach() for each in own}


def source_of(program: ExportedProgram) -> str:
    """The source of a program.

    Raises:
        Unexportable: it is more than one function.
    """
    code = program.graph_module.graph.python_code("self")
    text = UNUSED.sub("", code.src.strip()).replace("def forward(self, ", "def forward(", 1)
    if "self." in text or not set(code.globals) <= NAMES:
        raise Unexportable("the network does not fit one function; take torch_export or onnx")
    names = "".join(f'    "{name}",\n' for name in weights_of(program))
    return f"{HEAD}WEIGHTS = (\n{names})\n\n\n{text}\n"
