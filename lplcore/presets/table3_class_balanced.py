"""Table III, Class-balanced CE loss."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import CLASS_BALANCED_CODE, LDAM_TRAINING, long_tailed

TABLE3_CLASS_BALANCED = Preset(
    name="table3_class_balanced",
    title="CIFAR-100-LT 100:1, class-balanced cross entropy, official settings",
    description="Class-balanced cross entropy as its authors train it.",
    table_row="Table III, Class-balanced CE loss, 100:1",
    published={"test/top1_error": 0.6123},
    follows="official",
    settings_of=CLASS_BALANCED_CODE,
    spec=long_tailed({"alias": "class_balanced", "beta": 0.9999}, dataset="cifar100", training=LDAM_TRAINING),
)
