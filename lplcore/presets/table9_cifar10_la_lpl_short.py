"""Logit adjustment, then LPL on CIFAR-10-LT for a CPU."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import SHORT, SHORTENED, retrained
from lplcore.presets.table9_cifar10_la_lpl import Table9Cifar10LaLpl


class Table9Cifar10LaLplShort(Preset):
    """`table9_cifar10_la_lpl` in six epochs with one seed: minutes on a CPU, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, logit adjustment, then LPL, short"
    citation: ClassVar[str] = Table9Cifar10LaLpl.citation
    settings_of: ClassVar[str] = SHORTENED
    spec: ClassVar[Mapping[str, Any]] = retrained(Table9Cifar10LaLpl.spec, title, training=SHORT)

    name: Literal["table9_cifar10_la_lpl_short"] = "table9_cifar10_la_lpl_short"
