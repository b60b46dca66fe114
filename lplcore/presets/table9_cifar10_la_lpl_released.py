"""Table IX, LA+LPL on CIFAR-10-LT, as released."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import (
    DECAYED_TWICE,
    RELEASED_LPL,
    RELEASED_NETWORK,
    RELEASED_RANGE,
    long_tailed,
    released_training,
)

TABLE9_CIFAR10_LA_LPL_RELEASED = Preset(
    name="table9_cifar10_la_lpl_released",
    title="CIFAR-10-LT 100:1, logit adjustment, then LPL, as released",
    description="Logit adjustment, then LPL, as the paper's authors' scripts train it.",
    table_row="Table IX, LA+LPL",
    published={"test/top1_error": 0.2146},
    follows="released",
    settings_of=(
        f"the released schedule of this row, LPL as in the released script for CIFAR-10-LT; {RELEASED_NETWORK}; "
        f"{RELEASED_RANGE}; {DECAYED_TWICE}"
    ),
    spec=long_tailed(
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
    ),
)
