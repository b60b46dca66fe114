"""Logit adjustment on CIFAR-10-LT for a CPU."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import SHORT, SHORTENED, retrained
from lplcore.presets.table4_la import Table4La


class Table4LaShort(Preset):
    """`table4_la` in six epochs with one seed: minutes on a CPU, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, logit adjustment, short"
    citation: ClassVar[str] = Table4La.citation
    settings_of: ClassVar[str] = SHORTENED
    spec: ClassVar[Mapping[str, Any]] = retrained(Table4La.spec, title, training=SHORT)

    name: Literal["table4_la_short"] = "table4_la_short"
