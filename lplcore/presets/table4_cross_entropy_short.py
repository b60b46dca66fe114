"""A CPU-sized version of `table4_cross_entropy`: six epochs, one seed, no figure to compare with."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table4_cross_entropy import Table4CrossEntropy


class Table4CrossEntropyShort(Preset):
    """A CPU-sized version of `table4_cross_entropy`: six epochs, one seed, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, cross entropy, short"
    citation: ClassVar[str] = Table4CrossEntropy.citation
    spec: ClassVar[Mapping[str, Any]] = shortened(Table4CrossEntropy.spec, "CIFAR-10-LT 100:1, cross entropy, short")

    name: Literal["table4_cross_entropy_short"] = "table4_cross_entropy_short"
