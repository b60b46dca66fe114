"""Logit adjustment on CIFAR-100-LT, the official repository's figure."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import LA_CODE, la_training, long_tailed

CIFAR100_LT_LA_OFFICIAL = Preset(
    name="cifar100_lt_la_official",
    title="CIFAR-100-LT 100:1, logit adjustment, official settings",
    description="Logit adjustment as its authors train it.",
    citation="Menon et al., Long-tail learning via logit adjustment, ICLR 2021; figure of the official repository",
    published={"test/top1_error": 0.5594},
    follows="official",
    settings_of=LA_CODE,
    spec=long_tailed("logit_adjustment", dataset="cifar100", training=la_training("cifar100")),
)
