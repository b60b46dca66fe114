"""Logit adjustment on CIFAR-10-LT in 200 epochs."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, retrained
from lplcore.presets.table4_la import TABLE4_LA

TABLE4_LA_200 = Preset(
    name="table4_la_200",
    title="CIFAR-10-LT 100:1, logit adjustment, 200 epochs",
    description="`table4_la`'s method in the field's 200 epochs.",
    citation="Zhang et al., Bag of tricks for long-tailed visual recognition, AAAI 2021",
    published={"test/top1_error": 0.2246},
    follows="field",
    settings_of=f"{FIELD}; the figure is of balanced softmax, the same method, so trained",
    spec=retrained(TABLE4_LA, training=LDAM_TRAINING),
)
