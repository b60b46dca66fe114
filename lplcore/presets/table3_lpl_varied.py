"""CIFAR-100-LT 100:1, LPL with varied bound."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table3LplVaried(Preset):
    """CIFAR-100-LT 100:1, LPL with varied bound."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, LPL with varied bound"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table III, LPL (varied tau + varied epsilon), 100:1"
    table_row: ClassVar[str | None] = "Table III, LPL (varied tau + varied epsilon), 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.5575}
    settings_of: ClassVar[str] = (
        "LDAM's official training settings (the paper gives none), the paper's grid for LPL, the released head_scale"
    )
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-100-LT 100:1, LPL with varied bound",
        dataset="cifar100",
        imbalance_factor=100.0,
        method={"alias": "lpl", "threshold": 0.4, "delta_epsilon": 2.0, "head_scale": 0.2},
    )

    name: Literal["table3_lpl_varied"] = "table3_lpl_varied"
