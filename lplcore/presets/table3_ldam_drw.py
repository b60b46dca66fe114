"""Table III, LDAM-DRW."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import LDAM_CODE, LDAM_DRW, LDAM_TRAINING, long_tailed

TABLE3_LDAM_DRW = Preset(
    name="table3_ldam_drw",
    title="CIFAR-100-LT 100:1, LDAM-DRW, official settings",
    description="LDAM-DRW as its authors train it.",
    table_row="Table III, LDAM-DRW, 100:1",
    published={"test/top1_error": 0.5711},
    follows="official",
    settings_of=LDAM_CODE,
    spec=long_tailed(LDAM_DRW, dataset="cifar100", training=LDAM_TRAINING),
)
