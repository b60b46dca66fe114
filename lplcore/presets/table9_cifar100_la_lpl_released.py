"""Table IX, LA+LPL on CIFAR-100-LT, as released."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import (
    DECAYED_TWICE,
    RELEASED_LPL,
    RELEASED_NETWORK,
    RELEASED_RANGE,
    long_tailed,
    released_training,
)

TABLE9_CIFAR100_LA_LPL_RELEASED = Preset(
    name="table9_cifar100_la_lpl_released",
    title="CIFAR-100-LT 100:1, logit adjustment, then LPL, as released",
    description="Logit adjustment, then LPL, as the paper's authors' scripts train it.",
    table_row="Table IX, LA+LPL",
    published={"test/top1_error": 0.5389},
    follows="released",
    settings_of=(
        f"the released script of this row (the text has tau 40; its priors are permuted by a bug); {RELEASED_NETWORK}; "
        f"{RELEASED_RANGE}; {DECAYED_TWICE}"
    ),
    spec=long_tailed(
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
    ),
)
