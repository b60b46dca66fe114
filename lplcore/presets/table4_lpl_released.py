"""Table IV, LPL (varied tau + varied epsilon), as released."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import DECAYED_TWICE, PAPER, RELEASED_LPL, long_tailed, released_training


class Table4LplReleased(Preset):
    """LPL with varied bound as the paper's authors' script trains it."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, LPL, as released"
    table_row: ClassVar[str | None] = "Table IV, LPL (varied tau + varied epsilon), 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2205}
    follows: ClassVar[Follows] = "released"
    settings_of: ClassVar[str] = (
        f"the released script, whose resnet32 has 18-18-18 blocks (ResNet-110); {DECAYED_TWICE}"
    )
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title,
        {"alias": "lpl", "threshold": 4.0, "delta_epsilon": 1.5, "step_size": 0.15, "head_scale": 0.6, **RELEASED_LPL},
        dataset="cifar10",
        training=released_training("resnet110", epochs=1240, milestones=[604, 824]),
    )

    name: Literal["table4_lpl_released"] = "table4_lpl_released"
