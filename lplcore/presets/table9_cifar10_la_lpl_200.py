"""Logit adjustment, then LPL on CIFAR-10-LT in 200 epochs."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, retrained
from lplcore.presets.table9_cifar10_la_lpl import Table9Cifar10LaLpl


class Table9Cifar10LaLpl200(Preset):
    """`table9_cifar10_la_lpl`'s method in the field's 200 epochs, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, logit adjustment, then LPL, 200 epochs"
    citation: ClassVar[str] = Table9Cifar10LaLpl.citation
    follows: ClassVar[Follows] = "field"
    settings_of: ClassVar[str] = f"{FIELD}; the method as in `table9_cifar10_la_lpl`"
    spec: ClassVar[Mapping[str, Any]] = retrained(Table9Cifar10LaLpl.spec, title, training=LDAM_TRAINING)

    name: Literal["table9_cifar10_la_lpl_200"] = "table9_cifar10_la_lpl_200"
