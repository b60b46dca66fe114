"""Logit adjustment, then LPL on CIFAR-100-LT for a CPU."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import SHORT, SHORTENED, retrained
from lplcore.presets.table9_cifar100_la_lpl import Table9Cifar100LaLpl


class Table9Cifar100LaLplShort(Preset):
    """`table9_cifar100_la_lpl` in six epochs with one seed: minutes on a CPU, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, logit adjustment, then LPL, short"
    citation: ClassVar[str] = Table9Cifar100LaLpl.citation
    settings_of: ClassVar[str] = SHORTENED
    spec: ClassVar[Mapping[str, Any]] = retrained(Table9Cifar100LaLpl.spec, title, training=SHORT)

    name: Literal["table9_cifar100_la_lpl_short"] = "table9_cifar100_la_lpl_short"
