"""Table III, Focal Loss."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, long_tailed

TABLE3_FOCAL = Preset(
    name="table3_focal",
    title="CIFAR-100-LT 100:1, focal loss, 200 epochs",
    description="Focal loss in the field's 200 epochs.",
    table_row="Table III, Focal Loss, 100:1",
    published={"test/top1_error": 0.6159},
    follows="field",
    settings_of=f"{FIELD}; the method's authors have none for CIFAR-LT",
    spec=long_tailed("focal", dataset="cifar100", training=LDAM_TRAINING),
)
