"""LPL with fixed bound on CIFAR-100-LT in 200 epochs."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, retrained
from lplcore.presets.table3_lpl_fixed import Table3LplFixed


class Table3LplFixed200(Preset):
    """`table3_lpl_fixed`'s method in the field's 200 epochs, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, LPL with fixed bound, 200 epochs"
    citation: ClassVar[str] = Table3LplFixed.citation
    follows: ClassVar[Follows] = "field"
    settings_of: ClassVar[str] = f"{FIELD}; the method as in `table3_lpl_fixed`"
    spec: ClassVar[Mapping[str, Any]] = retrained(Table3LplFixed.spec, title, training=LDAM_TRAINING)

    name: Literal["table3_lpl_fixed_200"] = "table3_lpl_fixed_200"
