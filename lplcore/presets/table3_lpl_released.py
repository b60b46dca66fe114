"""Table III, LPL (varied tau + varied epsilon), as released."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import DECAYED_TWICE, RELEASED_DEEP, RELEASED_LPL, long_tailed, released_training

TABLE3_LPL_RELEASED = Preset(
    name="table3_lpl_released",
    title="CIFAR-100-LT 10:1, LPL, as released",
    description="LPL with varied bound as the paper's authors' script trains it.",
    table_row="Table III, LPL (varied tau + varied epsilon), 10:1",
    published={"test/top1_error": 0.3903},
    follows="released",
    settings_of=f"the released script, for 10:1 (none is for 100:1 without LA); {RELEASED_DEEP}; {DECAYED_TWICE}",
    spec=long_tailed(
        {"alias": "lpl", "threshold": 40.0, "delta_epsilon": 0.4, "step_size": 0.01, "head_scale": 0.2, **RELEASED_LPL},
        dataset="cifar100",
        training=released_training(blocks_per_stage=18, epochs=1420, milestones=[80, 120, 160]),
        imbalance_factor=10.0,
    ),
)
