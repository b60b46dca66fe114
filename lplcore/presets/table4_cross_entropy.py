"""Cross entropy beside Table IV."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, long_tailed

TABLE4_CROSS_ENTROPY = Preset(
    name="table4_cross_entropy",
    title="CIFAR-10-LT 100:1, cross entropy, 200 epochs",
    description="Cross entropy in the field's 200 epochs: the baseline that the paper's Table IV leaves out.",
    citation="Zhang et al., Bag of tricks for long-tailed visual recognition, AAAI 2021",
    published={"test/top1_error": 0.2964},
    follows="field",
    settings_of=f"{FIELD}; the figure's authors train so",
    spec=long_tailed("cross_entropy", dataset="cifar10", training=LDAM_TRAINING),
)
