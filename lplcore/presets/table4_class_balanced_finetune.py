"""Table IV, Class-balanced fine-tuning."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, long_tailed

TABLE4_CLASS_BALANCED_FINETUNE = Preset(
    name="table4_class_balanced_finetune",
    title="CIFAR-10-LT 100:1, class-balanced fine-tuning, 200 epochs",
    description="Class-balanced fine-tuning in the field's 200 epochs.",
    table_row="Table IV, Class-balanced fine-tuning, 100:1",
    published={"test/top1_error": 0.2866},
    follows="field",
    settings_of=f"{FIELD}; the method's authors have none for CIFAR-LT",
    spec=long_tailed("class_balanced_finetune", dataset="cifar10", training=LDAM_TRAINING),
)
