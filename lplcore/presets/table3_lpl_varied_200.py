"""LPL with varied bound on CIFAR-100-LT in 200 epochs."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, retrained
from lplcore.presets.table3_lpl_varied import Table3LplVaried


class Table3LplVaried200(Preset):
    """`table3_lpl_varied`'s method in the field's 200 epochs, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, LPL with varied bound, 200 epochs"
    citation: ClassVar[str] = Table3LplVaried.citation
    follows: ClassVar[Follows] = "field"
    settings_of: ClassVar[str] = f"{FIELD}; the method as in `table3_lpl_varied`"
    spec: ClassVar[Mapping[str, Any]] = retrained(Table3LplVaried.spec, title, training=LDAM_TRAINING)

    name: Literal["table3_lpl_varied_200"] = "table3_lpl_varied_200"
