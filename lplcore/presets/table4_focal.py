"""Table IV, Focal Loss."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, long_tailed

TABLE4_FOCAL = Preset(
    name="table4_focal",
    title="CIFAR-10-LT 100:1, focal loss, 200 epochs",
    description="Focal loss in the field's 200 epochs.",
    table_row="Table IV, Focal Loss, 100:1",
    published={"test/top1_error": 0.2962},
    follows="field",
    settings_of=f"{FIELD}; the method's authors have none for CIFAR-LT",
    spec=long_tailed("focal", dataset="cifar10", training=LDAM_TRAINING),
)
