"""Logit adjustment on CIFAR-10-LT, the official repository's figure."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import LA_CODE, la_training, long_tailed


class Cifar10LtLaOfficial(Preset):
    """Logit adjustment as its authors train it."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, logit adjustment, official settings"
    citation: ClassVar[str] = (
        "Menon et al., Long-tail learning via logit adjustment, ICLR 2021; figure of the official repository"
    )
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2211}
    follows: ClassVar[Follows] = "official"
    settings_of: ClassVar[str] = LA_CODE
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title, "logit_adjustment", dataset="cifar10", training=la_training("cifar10")
    )

    name: Literal["cifar10_lt_la_official"] = "cifar10_lt_la_official"
