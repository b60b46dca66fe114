"""LPL with fixed bound on CIFAR-10-LT in 200 epochs."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, retrained
from lplcore.presets.table4_lpl_fixed import Table4LplFixed


class Table4LplFixed200(Preset):
    """`table4_lpl_fixed`'s method in the field's 200 epochs, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, LPL with fixed bound, 200 epochs"
    citation: ClassVar[str] = Table4LplFixed.citation
    follows: ClassVar[Follows] = "field"
    settings_of: ClassVar[str] = f"{FIELD}; the method as in `table4_lpl_fixed`"
    spec: ClassVar[Mapping[str, Any]] = retrained(Table4LplFixed.spec, title, training=LDAM_TRAINING)

    name: Literal["table4_lpl_fixed_200"] = "table4_lpl_fixed_200"
