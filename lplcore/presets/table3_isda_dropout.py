"""Table III, ISDA + Dropout."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, long_tailed

TABLE3_ISDA_DROPOUT = Preset(
    name="table3_isda_dropout",
    title="CIFAR-100-LT 100:1, ISDA with dropout, 200 epochs",
    description="ISDA with dropout in the field's 200 epochs.",
    table_row="Table III, ISDA + Dropout, 100:1",
    published={"test/top1_error": 0.626},
    follows="field",
    settings_of=f"{FIELD}; the method's authors have some for balanced CIFAR only",
    spec=long_tailed("isda_dropout", dataset="cifar100", training=LDAM_TRAINING),
)
