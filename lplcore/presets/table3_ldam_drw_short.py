"""A CPU-sized version of `table3_ldam_drw`: six epochs, one seed, no figure to compare with."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table3_ldam_drw import Table3LdamDrw


class Table3LdamDrwShort(Preset):
    """A CPU-sized version of `table3_ldam_drw`: six epochs, one seed, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, LDAM-DRW, short"
    citation: ClassVar[str] = Table3LdamDrw.citation
    spec: ClassVar[Mapping[str, Any]] = shortened(Table3LdamDrw.spec, "CIFAR-100-LT 100:1, LDAM-DRW, short")

    name: Literal["table3_ldam_drw_short"] = "table3_ldam_drw_short"
