"""A CPU-sized version of `table9_cifar10_la_lpl`: six epochs, one seed, no figure to compare with."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table9_cifar10_la_lpl import Table9Cifar10LaLpl


class Table9Cifar10LaLplShort(Preset):
    """A CPU-sized version of `table9_cifar10_la_lpl`: six epochs, one seed, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, logit adjustment, then LPL, short"
    citation: ClassVar[str] = Table9Cifar10LaLpl.citation
    spec: ClassVar[Mapping[str, Any]] = shortened(
        Table9Cifar10LaLpl.spec, "CIFAR-10-LT 100:1, logit adjustment, then LPL, short"
    )

    name: Literal["table9_cifar10_la_lpl_short"] = "table9_cifar10_la_lpl_short"
