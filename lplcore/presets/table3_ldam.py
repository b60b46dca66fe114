"""Table III, LDAM."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import LDAM_CODE, LDAM_TRAINING, long_tailed

TABLE3_LDAM = Preset(
    name="table3_ldam",
    title="CIFAR-100-LT 100:1, LDAM, official settings",
    description="LDAM as its authors train it.",
    table_row="Table III, LDAM, 100:1",
    published={"test/top1_error": 0.594},
    follows="official",
    settings_of=LDAM_CODE,
    spec=long_tailed("ldam", dataset="cifar100", training=LDAM_TRAINING),
)
