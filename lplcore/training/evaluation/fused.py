"""A network's double for evaluation on a CPU, with convolution, normalisation, sum and ReLU as one operation.

Each of them alone is a pass over all activations, and those are most of the time: ResNet-32 predicts at twice the rate.
"""

import operator
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_weights

from lplcore.models import Classifier, CosineLinear, ModelOutput

SUMS = (operator.add, operator.iadd)
Normalization = nn.BatchNorm2d


class FusedConvolution(nn.Module):
    """relu(normalization(convolution(x)) + other) in evaluation; all but the convolution may be absent."""

    weight: Tensor
    bias: Tensor | None

    def __init__(
        self, convolution: nn.Conv2d, normalization: Normalization | None, *, relu: bool, dtype: torch.dtype
    ) -> None:
        super().__init__()
        self.parts = (convolution, normalization)
        """A tuple, so that they are not modules of this one."""
        self.dtype, self.unary = dtype, "relu" if relu else None
        self.geometry = (convolution.padding, convolution.stride, convolution.dilation, convolution.groups)
        self.refresh()

    @torch.no_grad()
    def refresh(self) -> None:
        """Take the weights as they are now, the normalisation's scale and shift in them."""
        convolution, normalization = self.parts
        weight, bias = convolution.weight, convolution.bias
        if normalization is not None:
            weight, bias = folded(convolution, normalization)
        self.weight = weight.detach().to(self.dtype).contiguous(memory_format=torch.channels_last)
        self.bias = None if bias is None else bias.detach().to(self.dtype)

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        """Images [N, in, H, W], and what is added to the result, of its shape."""
        operation, images = torch.ops.mkldnn._convolution_pointwise, x.to(self.dtype)
        if other is None:
            fused: Tensor = operation(images, self.weight, self.bias, *self.geometry, self.unary or "none", [], "")
            return fused
        summand = other.to(self.dtype)
        total: Tensor = operation.binary(
            images, summand, self.weight, self.bias, *self.geometry, "add", 1.0, self.unary, [], ""
        )
        return total


def folded(convolution: nn.Conv2d, normalization: Normalization) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution that does what a normalisation in evaluation mode does after it."""
    assert normalization.running_mean is not None
    assert normalization.running_var is not None
    weight, bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        normalization.running_mean,
        normalization.running_var,
        normalization.eps,
        normalization.weight,
        normalization.bias,
    )
    return weight, bias


class FusedNetwork:
    """The double of a network; it shares all layers but those that are fused."""

    def __init__(self, network: Classifier, dtype: torch.dtype | None) -> None:
        self.graph = fused_graph(network, dtype or torch.float32)

    def refresh(self) -> None:
        """Take over the weights as they are now."""
        for module in self.graph.modules():
            if isinstance(module, FusedConvolution):
                module.refresh()

    def release(self) -> None:
        """Let go of all layers: a graph and its module refer to each other."""
        self.graph._modules.clear()

    def __call__(self, inputs: Tensor) -> ModelOutput:
        """As the network in evaluation mode, but for rounding."""
        output: ModelOutput = self.graph(inputs)
        return output


def fusible(network: Classifier, device: torch.device, dtype: torch.dtype | None) -> bool:
    """Whether there is a double that computes in `dtype`: on a CPU, of a network that always takes the same path."""
    return network.always_alike and device.type == "cpu" and offered(dtype)


@cache
def offered(dtype: torch.dtype | None) -> bool:
    """Whether torch has the operation here; its own compiler uses it, other code is not promised that it stays."""
    available = bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]
    if not available or not hasattr(torch.ops.mkldnn, "_convolution_pointwise"):
        return False
    return dtype != torch.bfloat16 or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


class Tracer(fx.Tracer):
    """Records what a network does; a cosine head looks at its input's device and so is one step."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, CosineLinear) or super().is_leaf_module(m, module_qualified_name)


def fused_graph(network: Classifier, dtype: torch.dtype) -> fx.GraphModule:
    """The network, in evaluation mode, with every chain of operations that can be one as one."""
    tracer = Tracer()
    graph = tracer.trace(network)
    # What the tracer made refers to it and, through it, to the network: garbage that only a collection would find.
    tracer.__dict__.clear()
    double = fx.GraphModule(network, graph)
    modules = dict(network.named_modules())
    for node in list(graph.nodes):
        if isinstance(module_of(node, modules), nn.Identity):
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)
    for index, node in enumerate(list(graph.nodes)):
        if isinstance(module_of(node, modules), nn.Conv2d) and supported(modules[node.target]):
            replace(chain_from(node, modules), double, f"fused{index}", dtype)
    graph.lint()
    double.delete_all_unused_submodules()
    double.recompile()
    return double


class Chain(NamedTuple):
    """Consecutive steps of a network, each the only one to use the one before."""

    convolution: nn.Conv2d
    normalization: Normalization | None
    other: fx.Node | None
    """What is added."""
    relu: bool
    nodes: list[fx.Node]


def chain_from(node: fx.Node, modules: dict[str, nn.Module]) -> Chain:
    """The longest chain that begins with a convolution."""
    convolution, normalization, other, relu, nodes = modules[str(node.target)], None, None, False, [node]
    assert isinstance(convolution, nn.Conv2d)
    following = only_user(node)
    if following is not None and (normalization := normalization_of(following, modules)) is not None:
        nodes.append(following)
        following = only_user(following)
    if following is not None and following.target in SUMS and len(following.all_input_nodes) == 2:
        other = next(operand for operand in following.all_input_nodes if operand is not nodes[-1])
        nodes.append(following)
        following = only_user(following)
    if following is not None and is_relu(following, modules):
        relu = True
        nodes.append(following)
    return Chain(convolution, normalization, other, relu, nodes)


def replace(chain: Chain, double: fx.GraphModule, name: str, dtype: torch.dtype) -> None:
    """Put one step in the place of a chain's last."""
    module = FusedConvolution(chain.convolution, chain.normalization, relu=chain.relu, dtype=dtype)
    double.add_submodule(name, module)
    first, last = chain.nodes[0], chain.nodes[-1]
    operands = (first.args[0],) if chain.other is None else (first.args[0], chain.other)
    with double.graph.inserting_after(last):
        step = double.graph.call_module(name, operands)
    last.replace_all_uses_with(step)
    for node in reversed(chain.nodes):
        double.graph.erase_node(node)


def only_user(node: fx.Node) -> fx.Node | None:
    """The one step that uses another's result; None where there are none or several."""
    return next(iter(node.users)) if len(node.users) == 1 else None


def module_of(node: fx.Node, modules: dict[str, nn.Module]) -> nn.Module | None:
    """The layer that a step calls."""
    return modules.get(str(node.target)) if node.op == "call_module" else None


def normalization_of(node: fx.Node, modules: dict[str, nn.Module]) -> Normalization | None:
    """The normalisation that a step does with statistics of training."""
    module = module_of(node, modules)
    return module if isinstance(module, Normalization) and module.running_mean is not None else None


def is_relu(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    """Whether a step is a ReLU."""
    functions: tuple[Callable[..., Any], ...] = (functional.relu, torch.relu)
    return node.target in functions or isinstance(module_of(node, modules), nn.ReLU)


def supported(convolution: nn.Conv2d) -> bool:
    """Whether the fused operation does what a convolution does."""
    return convolution.padding_mode == "zeros" and not isinstance(convolution.padding, str)
