"""CIFAR-100-LT 100:1, post-hoc logit adjustment, official settings."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import long_schedule


class Cifar100LtLaPosthocOfficial(Preset):
    """CIFAR-100-LT 100:1, post-hoc logit adjustment, official settings."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, post-hoc logit adjustment, official settings"
    citation: ClassVar[str] = (
        "Menon et al., Long-tail learning via logit adjustment, ICLR 2021; figure of the official repository"
    )
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.5593}
    settings_of: ClassVar[str] = (
        "logit adjustment's official code (its l2(1e-4) has the gradient 2e-4 w; inputs are standardised here)"
    )
    spec: ClassVar[Mapping[str, Any]] = long_schedule(
        "CIFAR-100-LT 100:1, post-hoc logit adjustment, official settings",
        dataset="cifar100",
        method={"alias": "cross_entropy", "posthoc": "logit_adjustment"},
        padding=2,
        warmup=True,
        weight_decay=2e-4,
    )

    name: Literal["cifar100_lt_la_posthoc_official"] = "cifar100_lt_la_posthoc_official"
