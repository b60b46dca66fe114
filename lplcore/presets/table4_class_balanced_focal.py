"""Table IV, Class-balanced focal loss."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import CLASS_BALANCED_CODE, LDAM_TRAINING, long_tailed

TABLE4_CLASS_BALANCED_FOCAL = Preset(
    name="table4_class_balanced_focal",
    title="CIFAR-10-LT 100:1, class-balanced focal loss, official settings",
    description="Class-balanced focal loss as its authors train it.",
    table_row="Table IV, Class-balanced focal loss, 100:1",
    published={"test/top1_error": 0.2543},
    follows="official",
    settings_of=CLASS_BALANCED_CODE,
    spec=long_tailed(
        {"alias": "class_balanced_focal", "beta": 0.9999, "gamma": 1.0},
        dataset="cifar10",
        training=LDAM_TRAINING,
    ),
)
