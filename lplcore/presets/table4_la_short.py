"""A CPU-sized version of `table4_la`: six epochs, one seed, no figure to compare with."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table4_la import Table4La


class Table4LaShort(Preset):
    """A CPU-sized version of `table4_la`: six epochs, one seed, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, logit adjustment, short"
    citation: ClassVar[str] = Table4La.citation
    spec: ClassVar[Mapping[str, Any]] = shortened(Table4La.spec, "CIFAR-10-LT 100:1, logit adjustment, short")

    name: Literal["table4_la_short"] = "table4_la_short"
