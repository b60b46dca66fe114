"""Table III, Meta-weight net."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import (
    META_WEIGHT_NET,
    META_WEIGHT_NET_CODE,
    META_WEIGHT_NET_TRAINING,
    PAPER,
    long_tailed,
)


class Table3MetaWeightNet(Preset):
    """Meta-Weight-Net as its authors train it."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, Meta-Weight-Net, official settings"
    table_row: ClassVar[str | None] = "Table III, Meta-weight net, 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.5839}
    follows: ClassVar[Follows] = "official"
    settings_of: ClassVar[str] = META_WEIGHT_NET_CODE
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title, META_WEIGHT_NET, dataset="cifar100", training=META_WEIGHT_NET_TRAINING
    )

    name: Literal["table3_meta_weight_net"] = "table3_meta_weight_net"
