"""timm's networks by name."""

import importlib
import os
from collections.abc import Collection
from functools import cache
from typing import Any, ClassVar, Literal

from lplcore.errors import SpecError
from lplcore.models.named.library import Body, Library, Size
from lplcore.models.named.record import NamedNetworkModel

ABSENT = "needs timm, which is not installed here; install lpl-service[timm], or choose 'torchvision'"


class TimmNetworks(Library):
    """timm's networks; weights come from local files alone, nothing is ever downloaded."""

    title: ClassVar[str] = "timm"

    def names(self) -> Collection[str]:
        return architectures()

    def body(self, architecture: str, in_channels: int, size: Size) -> Body:
        network = timm().create_model(architecture, pretrained=False, num_classes=0, in_chans=in_channels, **size)
        last = network.pretrained_cfg.get("classifier") or ()
        return Body(network, (last,) if isinstance(last, str) else tuple(last))

    def sizes(self, height: int, width: int) -> list[Size]:
        return [{}, {"img_size": (height, width)}]


def timm() -> Any:
    """timm, whose own import of torchvision needs ours before it.

    Raises:
        SpecError: it is not installed.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    importlib.import_module("lplcore.torchvision_import")
    try:
        return importlib.import_module("timm")
    except ModuleNotFoundError as error:
        raise SpecError([{"path": "model.name", "message": ABSENT}]) from error


@cache
def architectures() -> frozenset[str]:
    """Names of all networks."""
    return frozenset(timm().list_models())


class Timm(NamedNetworkModel):
    """A network of timm (PyTorch Image Models) by its name there; the extra `timm` installs the library."""

    title: ClassVar[str] = "timm's networks"
    citation: ClassVar[str] = "Wightman, PyTorch Image Models, 2019"
    library: ClassVar[Library] = TimmNetworks()

    name: Literal["timm"] = "timm"
