"""A CPU-sized version of `table4_ldam_drw`: six epochs, one seed, no figure to compare with."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table4_ldam_drw import Table4LdamDrw


class Table4LdamDrwShort(Preset):
    """A CPU-sized version of `table4_ldam_drw`: six epochs, one seed, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, LDAM-DRW, short"
    citation: ClassVar[str] = Table4LdamDrw.citation
    spec: ClassVar[Mapping[str, Any]] = shortened(Table4LdamDrw.spec, "CIFAR-10-LT 100:1, LDAM-DRW, short")

    name: Literal["table4_ldam_drw_short"] = "table4_ldam_drw_short"
