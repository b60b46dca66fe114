"""Where networks come from by name."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, NamedTuple

from torch import nn

Size = Mapping[str, Any]
"""Arguments of an architecture that say how large its images are."""


class Body(NamedTuple):
    """A network without last layer."""

    module: nn.Module
    last_layers: tuple[str, ...]
    """Names of what was left out."""


class Library(ABC):
    """Where networks come from by name."""

    title: ClassVar[str]

    @abstractmethod
    def names(self) -> Collection[str]:
        """Every architecture.

        Raises:
            SpecError: the library is not installed.
        """

    @abstractmethod
    def body(self, architecture: str, in_channels: int, size: Size) -> Body:
        """A network of fresh weights.

        Raises:
            SpecError: it has no last layer that could be replaced.
            Exception: whatever the library raises, for instance because it does not take this argument for the size.
        """

    @abstractmethod
    def sizes(self, height: int, width: int) -> list[Size]:
        """What may say how large images are, first nothing: most networks take any."""


def first_convolution(module: nn.Module) -> str:
    """Name of the first convolution, empty where there is none."""
    return next((name for name, part in module.named_modules() if isinstance(part, nn.Conv2d)), "")
