"""CIFAR-10-LT 100:1, logit adjustment, then LPL."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import DECAYED_TWICE, RELEASED_LPL, long_schedule


class Table9Cifar10LaLpl(Preset):
    """CIFAR-10-LT 100:1, logit adjustment, then LPL."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, logit adjustment, then LPL"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table IX, LA+LPL"
    table_row: ClassVar[str | None] = "Table IX, LA+LPL"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2146}
    settings_of: ClassVar[str] = (
        "the released schedule of this row, LPL as in the released script for CIFAR-10-LT; " + DECAYED_TWICE
    )
    spec: ClassVar[Mapping[str, Any]] = long_schedule(
        "CIFAR-10-LT 100:1, logit adjustment, then LPL",
        dataset="cifar10",
        method={
            "perturbations": [
                "logit_adjustment",
                {
                    "name": "lpl",
                    "threshold": 4.0,
                    **RELEASED_LPL,
                    **{"delta_epsilon": 1.5, "step_size": 0.15, "head_scale": 0.6},
                },
            ]
        },
        padding=4,
        warmup=False,
        weight_decay=3e-4,
    )

    name: Literal["table9_cifar10_la_lpl"] = "table9_cifar10_la_lpl"
