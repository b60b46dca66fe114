"""Logit adjustment on CIFAR-100-LT in 200 epochs."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, retrained
from lplcore.presets.table3_la import Table3La


class Table3La200(Preset):
    """`table3_la`'s method in the field's 200 epochs."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, logit adjustment, 200 epochs"
    citation: ClassVar[str] = "Zhang et al., Bag of tricks for long-tailed visual recognition, AAAI 2021"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.5701}
    follows: ClassVar[Follows] = "field"
    settings_of: ClassVar[str] = f"{FIELD}; the figure is of balanced softmax, the same method, so trained"
    spec: ClassVar[Mapping[str, Any]] = retrained(Table3La.spec, title, training=LDAM_TRAINING)

    name: Literal["table3_la_200"] = "table3_la_200"
