"""Logit adjustment on CIFAR-100-LT in 200 epochs."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, retrained
from lplcore.presets.table3_la import TABLE3_LA

TABLE3_LA_200 = Preset(
    name="table3_la_200",
    title="CIFAR-100-LT 100:1, logit adjustment, 200 epochs",
    description="`table3_la`'s method in the field's 200 epochs.",
    citation="Zhang et al., Bag of tricks for long-tailed visual recognition, AAAI 2021",
    published={"test/top1_error": 0.5701},
    follows="field",
    settings_of=f"{FIELD}; the figure is of balanced softmax, the same method, so trained",
    spec=retrained(TABLE3_LA, training=LDAM_TRAINING),
)
