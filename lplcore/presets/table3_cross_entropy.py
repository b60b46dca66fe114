"""Cross entropy beside Table III."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, long_tailed

TABLE3_CROSS_ENTROPY = Preset(
    name="table3_cross_entropy",
    title="CIFAR-100-LT 100:1, cross entropy, 200 epochs",
    description="Cross entropy in the field's 200 epochs: the baseline that the paper's Table III leaves out.",
    citation="Zhang et al., Bag of tricks for long-tailed visual recognition, AAAI 2021",
    published={"test/top1_error": 0.6168},
    follows="field",
    settings_of=f"{FIELD}; the figure's authors train so",
    spec=long_tailed("cross_entropy", dataset="cifar100", training=LDAM_TRAINING),
)
