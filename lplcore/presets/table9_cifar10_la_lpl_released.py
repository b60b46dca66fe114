"""Table IX, LA+LPL on CIFAR-10-LT, as released."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import (
    DECAYED_TWICE,
    PAPER,
    RELEASED_LPL,
    RELEASED_NETWORK,
    RELEASED_RANGE,
    long_tailed,
    released_training,
)


class Table9Cifar10LaLplReleased(Preset):
    """Logit adjustment, then LPL, as the paper's authors' scripts train it."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, logit adjustment, then LPL, as released"
    table_row: ClassVar[str | None] = "Table IX, LA+LPL"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2146}
    follows: ClassVar[Follows] = "released"
    settings_of: ClassVar[str] = (
        f"the released schedule of this row, LPL as in the released script for CIFAR-10-LT; {RELEASED_NETWORK}; "
        f"{RELEASED_RANGE}; {DECAYED_TWICE}"
    )
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title,
        {
            "alias": "la_lpl",
            "threshold": 4.0,
            "delta_epsilon": 1.5,
            "step_size": 0.15,
            "head_scale": 0.6,
            **RELEASED_LPL,
        },
        dataset="cifar10",
        training=released_training(blocks_per_stage=5, epochs=1241, milestones=[604, 926, 1128]),
        input_range=[-1.0, 0.0],
    )

    name: Literal["table9_cifar10_la_lpl_released"] = "table9_cifar10_la_lpl_released"
