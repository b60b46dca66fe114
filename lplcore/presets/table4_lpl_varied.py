"""CIFAR-10-LT 100:1, LPL with varied bound."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table4LplVaried(Preset):
    """CIFAR-10-LT 100:1, LPL with varied bound."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, LPL with varied bound"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table IV, LPL (varied tau + varied epsilon), 100:1"
    table_row: ClassVar[str | None] = "Table IV, LPL (varied tau + varied epsilon), 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2205}
    settings_of: ClassVar[str] = (
        "LDAM's official training settings; the paper gives none; LPL's parameters of the released code"
    )
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-10-LT 100:1, LPL with varied bound",
        dataset="cifar10",
        imbalance_factor=100.0,
        method={"alias": "lpl", "threshold": 0.4, "delta_epsilon": 1.5, "step_size": 0.15, "head_scale": 0.6},
    )

    name: Literal["table4_lpl_varied"] = "table4_lpl_varied"
