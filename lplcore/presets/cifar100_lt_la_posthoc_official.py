"""Post-hoc logit adjustment on CIFAR-100-LT, the official repository's figure."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import LA_CODE, la_training, long_tailed


class Cifar100LtLaPosthocOfficial(Preset):
    """Cross entropy as logit adjustment's authors train it, with their correction at test time."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, post-hoc logit adjustment, official settings"
    citation: ClassVar[str] = (
        "Menon et al., Long-tail learning via logit adjustment, ICLR 2021; figure of the official repository"
    )
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.5593}
    follows: ClassVar[Follows] = "official"
    settings_of: ClassVar[str] = LA_CODE
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title,
        {"alias": "cross_entropy", "posthoc": "logit_adjustment"},
        dataset="cifar100",
        training=la_training("cifar100"),
    )

    name: Literal["cifar100_lt_la_posthoc_official"] = "cifar100_lt_la_posthoc_official"
