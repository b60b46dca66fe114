"""A CPU-sized version of `table3_la`: six epochs, one seed, no figure to compare with."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table3_la import Table3La


class Table3LaShort(Preset):
    """A CPU-sized version of `table3_la`: six epochs, one seed, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, logit adjustment, short"
    citation: ClassVar[str] = Table3La.citation
    spec: ClassVar[Mapping[str, Any]] = shortened(Table3La.spec, "CIFAR-100-LT 100:1, logit adjustment, short")

    name: Literal["table3_la_short"] = "table3_la_short"
