"""Table IV, LDAM."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import LDAM_CODE, LDAM_TRAINING, long_tailed

TABLE4_LDAM = Preset(
    name="table4_ldam",
    title="CIFAR-10-LT 100:1, LDAM, official settings",
    description="LDAM as its authors train it.",
    table_row="Table IV, LDAM, 100:1",
    published={"test/top1_error": 0.2645},
    follows="official",
    settings_of=LDAM_CODE,
    spec=long_tailed("ldam", dataset="cifar10", training=LDAM_TRAINING),
)
