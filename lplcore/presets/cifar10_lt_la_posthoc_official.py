"""Post-hoc logit adjustment on CIFAR-10-LT, the official repository's figure."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import LA_CODE, la_training, long_tailed

CIFAR10_LT_LA_POSTHOC_OFFICIAL = Preset(
    name="cifar10_lt_la_posthoc_official",
    title="CIFAR-10-LT 100:1, post-hoc logit adjustment, official settings",
    description="Cross entropy as logit adjustment's authors train it, with their correction at test time.",
    citation="Menon et al., Long-tail learning via logit adjustment, ICLR 2021; figure of the official repository",
    published={"test/top1_error": 0.2268},
    follows="official",
    settings_of=LA_CODE,
    spec=long_tailed(
        {"alias": "cross_entropy", "posthoc": "logit_adjustment"},
        dataset="cifar10",
        training=la_training("cifar10"),
    ),
)
