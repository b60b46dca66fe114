"""Table IV, ISDA + Dropout."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, long_tailed

TABLE4_ISDA_DROPOUT = Preset(
    name="table4_isda_dropout",
    title="CIFAR-10-LT 100:1, ISDA with dropout, 200 epochs",
    description="ISDA with dropout in the field's 200 epochs.",
    table_row="Table IV, ISDA + Dropout, 100:1",
    published={"test/top1_error": 0.2645},
    follows="field",
    settings_of=(
        f"{FIELD}; the method's authors have some for balanced CIFAR only; the authors' slides have 0.2745 for this row"
    ),
    spec=long_tailed("isda_dropout", dataset="cifar10", training=LDAM_TRAINING),
)
