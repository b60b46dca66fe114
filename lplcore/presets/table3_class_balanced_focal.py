"""Table III, Class-balanced focal loss."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import CLASS_BALANCED_CODE, LDAM_TRAINING, long_tailed

TABLE3_CLASS_BALANCED_FOCAL = Preset(
    name="table3_class_balanced_focal",
    title="CIFAR-100-LT 100:1, class-balanced focal loss, official settings",
    description="Class-balanced focal loss as its authors train it.",
    table_row="Table III, Class-balanced focal loss, 100:1",
    published={"test/top1_error": 0.604},
    follows="official",
    settings_of=CLASS_BALANCED_CODE,
    spec=long_tailed(
        {"alias": "class_balanced_focal", "beta": 0.9999, "gamma": 1.0},
        dataset="cifar100",
        training=LDAM_TRAINING,
    ),
)
