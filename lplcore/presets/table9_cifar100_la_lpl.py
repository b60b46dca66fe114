"""CIFAR-100-LT 100:1, logit adjustment, then LPL."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import DECAYED_TWICE, RELEASED_LPL, long_schedule


class Table9Cifar100LaLpl(Preset):
    """CIFAR-100-LT 100:1, logit adjustment, then LPL."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, logit adjustment, then LPL"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table IX, LA+LPL"
    table_row: ClassVar[str | None] = "Table IX, LA+LPL"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.5389}
    settings_of: ClassVar[str] = (
        "the released script of this row (the paper's text has tau = 40; its priors are permuted by a bug); "
        + DECAYED_TWICE
    )
    spec: ClassVar[Mapping[str, Any]] = long_schedule(
        "CIFAR-100-LT 100:1, logit adjustment, then LPL",
        dataset="cifar100",
        method={
            "perturbations": [
                "logit_adjustment",
                {
                    "name": "lpl",
                    "threshold": 27.0,
                    **RELEASED_LPL,
                    **{"delta_epsilon": 10.0, "step_size": 0.2, "head_scale": 0.2},
                },
            ]
        },
        padding=4,
        warmup=False,
        weight_decay=3e-4,
    )

    name: Literal["table9_cifar100_la_lpl"] = "table9_cifar100_la_lpl"
