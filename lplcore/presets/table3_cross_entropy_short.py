"""A CPU-sized version of `table3_cross_entropy`: six epochs, one seed, no figure to compare with."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table3_cross_entropy import Table3CrossEntropy


class Table3CrossEntropyShort(Preset):
    """A CPU-sized version of `table3_cross_entropy`: six epochs, one seed, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, cross entropy, short"
    citation: ClassVar[str] = Table3CrossEntropy.citation
    spec: ClassVar[Mapping[str, Any]] = shortened(Table3CrossEntropy.spec, "CIFAR-100-LT 100:1, cross entropy, short")

    name: Literal["table3_cross_entropy_short"] = "table3_cross_entropy_short"
