"""Table IV, LPL (varied tau + varied epsilon), as released."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import (
    DECAYED_TWICE,
    PAPER,
    RELEASED_DEEP,
    RELEASED_LPL,
    long_tailed,
    released_training,
)


class Table4LplReleased(Preset):
    """LPL with varied bound as the paper's authors' script trains it."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, LPL, as released"
    table_row: ClassVar[str | None] = "Table IV, LPL (varied tau + varied epsilon), 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2205}
    follows: ClassVar[Follows] = "released"
    settings_of: ClassVar[str] = (
        "the released script for CIFAR-10-LT, on this row's data: its own module of data builds CIFAR-100 at 10:1, on "
        f"which a network of ten classes cannot train; {RELEASED_DEEP}; {DECAYED_TWICE}"
    )
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title,
        {"alias": "lpl", "threshold": 4.0, "delta_epsilon": 1.5, "step_size": 0.15, "head_scale": 0.6, **RELEASED_LPL},
        dataset="cifar10",
        training=released_training(blocks_per_stage=18, epochs=1240, milestones=[604, 824]),
    )

    name: Literal["table4_lpl_released"] = "table4_lpl_released"
