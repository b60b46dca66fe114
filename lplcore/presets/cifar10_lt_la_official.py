"""CIFAR-10-LT 100:1, logit adjustment, official settings."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import long_schedule


class Cifar10LtLaOfficial(Preset):
    """CIFAR-10-LT 100:1, logit adjustment, official settings."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, logit adjustment, official settings"
    citation: ClassVar[str] = (
        "Menon et al., Long-tail learning via logit adjustment, ICLR 2021; figure of the official repository"
    )
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2211}
    settings_of: ClassVar[str] = (
        "logit adjustment's official code (its l2(1e-4) has the gradient 2e-4 w; inputs are standardised here)"
    )
    spec: ClassVar[Mapping[str, Any]] = long_schedule(
        "CIFAR-10-LT 100:1, logit adjustment, official settings",
        dataset="cifar10",
        method="logit_adjustment",
        padding=2,
        warmup=True,
        weight_decay=2e-4,
    )

    name: Literal["cifar10_lt_la_official"] = "cifar10_lt_la_official"
