"""CIFAR-100-LT 10:1, LPL as released."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import DECAYED_TWICE, RELEASED_LPL, cifar_long_tail


class Table3LplReleased(Preset):
    """CIFAR-100-LT 10:1, LPL as released."""

    title: ClassVar[str] = "CIFAR-100-LT 10:1, LPL as released"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table III, LPL (varied tau + varied epsilon), 10:1"
    table_row: ClassVar[str | None] = "Table III, LPL (varied tau + varied epsilon), 10:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.3903}
    settings_of: ClassVar[str] = (
        "the released script, which is for 10:1 (none is for 100:1 without LA) and has 18-18-18 blocks; "
        + DECAYED_TWICE
    )
    spec: ClassVar[Mapping[str, Any]] = {
        **cifar_long_tail(
            "CIFAR-100-LT 10:1, LPL as released",
            dataset="cifar100",
            imbalance_factor=10.0,
            method={
                "alias": "lpl",
                "threshold": 40.0,
                "delta_epsilon": 0.4,
                "step_size": 0.01,
                "head_scale": 0.2,
                **RELEASED_LPL,
            },
        ),
        "model": {"name": "resnet110"},
        "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 3e-4},
        "schedule": {"name": "multistep", "milestones": [80, 120, 160], "gamma": 0.1, "warmup_epochs": 0},
        "epochs": 1420,
    }

    name: Literal["table3_lpl_released"] = "table3_lpl_released"
