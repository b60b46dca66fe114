"""Table IV, LPL (varied tau + varied epsilon), as released."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import DECAYED_TWICE, RELEASED_DEEP, RELEASED_LPL, long_tailed, released_training

TABLE4_LPL_RELEASED = Preset(
    name="table4_lpl_released",
    title="CIFAR-10-LT 100:1, LPL, as released",
    description="LPL with varied bound as the paper's authors' script trains it.",
    table_row="Table IV, LPL (varied tau + varied epsilon), 100:1",
    published={"test/top1_error": 0.2205},
    follows="released",
    settings_of=(
        "the released script for CIFAR-10-LT, on this row's data: its own module of data builds CIFAR-100 at 10:1, on "
        f"which a network of ten classes cannot train; {RELEASED_DEEP}; {DECAYED_TWICE}"
    ),
    spec=long_tailed(
        {"alias": "lpl", "threshold": 4.0, "delta_epsilon": 1.5, "step_size": 0.15, "head_scale": 0.6, **RELEASED_LPL},
        dataset="cifar10",
        training=released_training(blocks_per_stage=18, epochs=1240, milestones=[604, 824]),
    ),
)
