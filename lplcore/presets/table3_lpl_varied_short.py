"""A CPU-sized version of `table3_lpl_varied`."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.table3_lpl_varied import Table3LplVaried


class Table3LplVariedShort(Preset):
    """`table3_lpl_varied` in six epochs with one seed: minutes on a CPU, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, LPL with varied bound, short"
    citation: ClassVar[str] = Table3LplVaried.citation
    spec: ClassVar[Mapping[str, Any]] = {
        **Table3LplVaried.spec,
        "epochs": 6,
        "schedule": {"name": "cosine", "warmup_epochs": 1},
        "seeds": [0],
    }

    name: Literal["table3_lpl_varied_short"] = "table3_lpl_varied_short"
