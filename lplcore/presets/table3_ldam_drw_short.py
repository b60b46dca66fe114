"""LDAM-DRW on CIFAR-100-LT for a CPU."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import SHORT, SHORTENED, retrained
from lplcore.presets.table3_ldam_drw import Table3LdamDrw


class Table3LdamDrwShort(Preset):
    """`table3_ldam_drw` in six epochs with one seed: minutes on a CPU, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, LDAM-DRW, short"
    citation: ClassVar[str] = Table3LdamDrw.citation
    settings_of: ClassVar[str] = SHORTENED
    spec: ClassVar[Mapping[str, Any]] = retrained(Table3LdamDrw.spec, title, training=SHORT)

    name: Literal["table3_ldam_drw_short"] = "table3_ldam_drw_short"
