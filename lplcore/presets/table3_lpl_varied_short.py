"""LPL with varied bound on CIFAR-100-LT for a CPU."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import SHORT, SHORTENED, retrained
from lplcore.presets.table3_lpl_varied import Table3LplVaried


class Table3LplVariedShort(Preset):
    """`table3_lpl_varied` in six epochs with one seed: minutes on a CPU, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, LPL with varied bound, short"
    citation: ClassVar[str] = Table3LplVaried.citation
    settings_of: ClassVar[str] = SHORTENED
    spec: ClassVar[Mapping[str, Any]] = retrained(Table3LplVaried.spec, title, training=SHORT)

    name: Literal["table3_lpl_varied_short"] = "table3_lpl_varied_short"
