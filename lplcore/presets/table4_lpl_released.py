"""CIFAR-10-LT 100:1, LPL as released."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import DECAYED_TWICE, RELEASED_LPL, cifar_long_tail


class Table4LplReleased(Preset):
    """CIFAR-10-LT 100:1, LPL as released."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, LPL as released"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table IV, LPL (varied tau + varied epsilon), 100:1"
    table_row: ClassVar[str | None] = "Table IV, LPL (varied tau + varied epsilon), 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2205}
    settings_of: ClassVar[str] = (
        "the released script, whose resnet32 has 18-18-18 blocks (ResNet-110); " + DECAYED_TWICE
    )
    spec: ClassVar[Mapping[str, Any]] = {
        **cifar_long_tail(
            "CIFAR-10-LT 100:1, LPL as released",
            dataset="cifar10",
            imbalance_factor=100.0,
            method={
                "alias": "lpl",
                "threshold": 4.0,
                "delta_epsilon": 1.5,
                "step_size": 0.15,
                "head_scale": 0.6,
                **RELEASED_LPL,
            },
        ),
        "model": {"name": "resnet110"},
        "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 3e-4},
        "schedule": {"name": "multistep", "milestones": [604, 824], "gamma": 0.1, "warmup_epochs": 0},
        "epochs": 1240,
    }

    name: Literal["table4_lpl_released"] = "table4_lpl_released"
