"""torchvision's networks by name."""

import importlib
from collections.abc import Collection
from functools import cache
from typing import Any, ClassVar, Literal

from torch import nn

from lplcore.errors import SpecError
from lplcore.models.named.library import Body, Library, Size, first_convolution
from lplcore.models.named.record import NamedNetworkModel


class TorchvisionNetworks(Library):
    """torchvision's classifiers of images."""

    title: ClassVar[str] = "torchvision"

    def names(self) -> Collection[str]:
        return architectures()

    def body(self, architecture: str, in_channels: int, size: Size) -> Body:
        network = models().get_model(architecture, weights=None, **size)
        linear = [name for name, module in network.named_modules() if isinstance(module, nn.Linear)]
        if not linear:
            message = f"{architecture} has no linear last layer; choose another"
            raise SpecError([{"path": "model.architecture", "message": message}])
        network.set_submodule(linear[-1], nn.Identity())
        if in_channels != 3:
            take_channels(network, in_channels)
        return Body(network, (linear[-1],))

    def sizes(self, height: int, width: int) -> list[Size]:
        square: list[Size] = [{"image_size": height}] if height == width else []
        return [{}, *square, {"input_size": (height, width)}]


def models() -> Any:
    """torchvision's module of networks; importing it takes half a second that other models need not wait for."""
    return importlib.import_module("lplcore.torchvision_import").torchvision.models


@cache
def architectures() -> frozenset[str]:
    """Names of all classifiers of images."""
    module = models()
    return frozenset(module.list_models(module=module))


def take_channels(network: nn.Module, in_channels: int) -> None:
    """Put a fresh first convolution for images of so many channels into a network."""
    name = first_convolution(network)
    first = network.get_submodule(name)
    assert isinstance(first, nn.Conv2d)
    fresh = nn.Conv2d(
        in_channels,
        first.out_channels,
        first.kernel_size,  # type: ignore[arg-type]  # a tuple of two
        stride=first.stride,  # type: ignore[arg-type]
        padding=first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    nn.init.kaiming_normal_(fresh.weight, mode="fan_out", nonlinearity="relu")
    network.set_submodule(name, fresh)


class Torchvision(NamedNetworkModel):
    """A network of torchvision by its name there: resnet50, efficientnet_b0, convnext_tiny, vit_b_16 and so on."""

    title: ClassVar[str] = "torchvision's networks"
    library: ClassVar[Library] = TorchvisionNetworks()

    name: Literal["torchvision"] = "torchvision"
