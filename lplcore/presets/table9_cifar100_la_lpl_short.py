"""A CPU-sized version of `table9_cifar100_la_lpl`: six epochs, one seed, no figure to compare with."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table9_cifar100_la_lpl import Table9Cifar100LaLpl


class Table9Cifar100LaLplShort(Preset):
    """A CPU-sized version of `table9_cifar100_la_lpl`: six epochs, one seed, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, logit adjustment, then LPL, short"
    citation: ClassVar[str] = Table9Cifar100LaLpl.citation
    spec: ClassVar[Mapping[str, Any]] = shortened(
        Table9Cifar100LaLpl.spec, "CIFAR-100-LT 100:1, logit adjustment, then LPL, short"
    )

    name: Literal["table9_cifar100_la_lpl_short"] = "table9_cifar100_la_lpl_short"
