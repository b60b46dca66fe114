"""Table IV, LDAM-DRW."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import LDAM_CODE, LDAM_DRW, LDAM_TRAINING, long_tailed

TABLE4_LDAM_DRW = Preset(
    name="table4_ldam_drw",
    title="CIFAR-10-LT 100:1, LDAM-DRW, official settings",
    description="LDAM-DRW as its authors train it.",
    table_row="Table IV, LDAM-DRW, 100:1",
    published={"test/top1_error": 0.2588},
    follows="official",
    settings_of=(
        f"{LDAM_CODE}; the authors' slides have 0.2188 for this row, and Zhang et al., AAAI 2021, 0.2227 so trained"
    ),
    spec=long_tailed(LDAM_DRW, dataset="cifar10", training=LDAM_TRAINING),
)
