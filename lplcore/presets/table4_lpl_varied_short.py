"""LPL with varied bound on CIFAR-10-LT for a CPU."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import SHORT, SHORTENED, retrained
from lplcore.presets.table4_lpl_varied import Table4LplVaried


class Table4LplVariedShort(Preset):
    """`table4_lpl_varied` in six epochs with one seed: minutes on a CPU, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, LPL with varied bound, short"
    citation: ClassVar[str] = Table4LplVaried.citation
    settings_of: ClassVar[str] = SHORTENED
    spec: ClassVar[Mapping[str, Any]] = retrained(Table4LplVaried.spec, title, training=SHORT)

    name: Literal["table4_lpl_varied_short"] = "table4_lpl_varied_short"
