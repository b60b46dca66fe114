"""Logit adjustment on CIFAR-100-LT for a CPU."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import SHORT, SHORTENED, retrained
from lplcore.presets.table3_la import Table3La


class Table3LaShort(Preset):
    """`table3_la` in six epochs with one seed: minutes on a CPU, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, logit adjustment, short"
    citation: ClassVar[str] = Table3La.citation
    settings_of: ClassVar[str] = SHORTENED
    spec: ClassVar[Mapping[str, Any]] = retrained(Table3La.spec, title, training=SHORT)

    name: Literal["table3_la_short"] = "table3_la_short"
