"""LDAM-DRW on CIFAR-10-LT for a CPU."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import SHORT, SHORTENED, retrained
from lplcore.presets.table4_ldam_drw import Table4LdamDrw


class Table4LdamDrwShort(Preset):
    """`table4_ldam_drw` in six epochs with one seed: minutes on a CPU, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, LDAM-DRW, short"
    citation: ClassVar[str] = Table4LdamDrw.citation
    settings_of: ClassVar[str] = SHORTENED
    spec: ClassVar[Mapping[str, Any]] = retrained(Table4LdamDrw.spec, title, training=SHORT)

    name: Literal["table4_ldam_drw_short"] = "table4_ldam_drw_short"
