"""Table IX, LA+LPL on CIFAR-100-LT, as released."""

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


class Table9Cifar100LaLplReleased(Preset):
    """Logit adjustment, then LPL, as the paper's authors' scripts train it."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, logit adjustment, then LPL, as released"
    table_row: ClassVar[str | None] = "Table IX, LA+LPL"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.5389}
    follows: ClassVar[Follows] = "released"
    settings_of: ClassVar[str] = (
        f"the released script of this row (the text has tau 40; its priors are permuted by a bug); {RELEASED_NETWORK}; "
        f"{RELEASED_RANGE}; {DECAYED_TWICE}"
    )
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title,
        {
            "alias": "la_lpl",
            "threshold": 27.0,
            "delta_epsilon": 10.0,
            "step_size": 0.2,
            "head_scale": 0.2,
            **RELEASED_LPL,
        },
        dataset="cifar100",
        training=released_training(blocks_per_stage=5, epochs=1419, milestones=[691, 1059, 1290]),
        input_range=[-1.0, 0.0],
    )

    name: Literal["table9_cifar100_la_lpl_released"] = "table9_cifar100_la_lpl_released"
