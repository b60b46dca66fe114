"""A network as a program of torch.export: operations of ATen alone, for any number of examples."""

import warnings
from typing import Final

import torch
from torch import fx, nn
from torch.export import ExportedProgram

from lplcore.export.network import Unexportable

CHECKS: Final = (
    torch.ops.aten._assert_tensor_metadata.default,
    torch.ops.aten._assert_scalar.default,
    torch.ops.aten.sym_constrain_range_for_size.default,
)
"""Operations that compute nothing; they would keep a program from another device."""
AUTOCAST: Final = torch.ops.higher_order.wrap_with_autocast
TOLD: Final = ("stack_trace", "nn_module_stack", "source_fn_stack", "torch_fn", "from_node", "custom")
"""What the recorder notes on every operation: it names files of this machine."""


def program_of(network: nn.Module, input_shape: tuple[int, ...]) -> ExportedProgram:
    """The program of a network on the CPU; its inputs are [N, *input_shape], float32.

    Raises:
        Unexportable: torch.export does not take the network.
    """
    example = torch.zeros(2, *input_shape)
    sizes = ({0: torch.export.Dim("examples")},)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.export.export(network, (example,), dynamic_shapes=sizes, strict=False)
            inline_autocast(program.graph_module)
            tidy(program.graph_module)
    except (MemoryError, OSError):
        raise
    except Exception as error:  # the recorder raises what it likes
        raise Unexportable(f"torch.export cannot record this network: {first_line(error)}") from error
    return program


def inline_autocast(module: fx.GraphModule) -> None:
    """Put the operations of every block without autocast in its place; nothing around it has autocast on."""
    graph = module.graph
    for node in list(graph.nodes):
        if node.op != "call_function" or node.target is not AUTOCAST:
            continue
        _, _, enabled, _, block, *operands = node.args
        if enabled:
            raise Unexportable("the network asks for autocast, which is not exported")
        called = module.get_submodule(block.target)
        assert isinstance(called, fx.GraphModule)
        inner = called.graph
        values = dict(zip((each for each in inner.nodes if each.op == "placeholder"), operands, strict=True))
        with graph.inserting_before(node):
            given = graph.graph_copy(inner, values)
        replace_by(node, given)
        graph.erase_node(node)
        graph.erase_node(block)
    graph.lint()
    module.delete_all_unused_submodules()
    module.recompile()


def replace_by(node: fx.Node, given: object) -> None:
    """Put what a block gives, one value or several of which each is picked, in the place of its node.

    The names stay: the program's signature knows its outputs by them.
    """
    if isinstance(given, fx.Node):
        node.replace_all_uses_with(given)
        given.name = node.name
        return
    assert isinstance(given, tuple | list)
    for user in list(node.users):
        value = given[user.args[1]]  # type: ignore[index]  # the block's outputs are picked by number
        user.replace_all_uses_with(value)
        user.graph.erase_node(user)
        value.name = user.name


def tidy(module: fx.GraphModule) -> None:
    """Leave out what computes nothing, and what names files of this machine."""
    for node in reversed(module.graph.nodes):
        if node.target in CHECKS:
            module.graph.erase_node(node)
        for name in TOLD:
            node.meta.pop(name, None)
    module.graph.eliminate_dead_code()
    module.recompile()


def first_line(error: Exception) -> str:
    """What an error says first."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
