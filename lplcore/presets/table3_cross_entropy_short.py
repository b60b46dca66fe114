"""Cross entropy on CIFAR-100-LT for a CPU."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import SHORT, SHORTENED, retrained
from lplcore.presets.table3_cross_entropy import Table3CrossEntropy


class Table3CrossEntropyShort(Preset):
    """`table3_cross_entropy` in six epochs with one seed: minutes on a CPU, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, cross entropy, short"
    citation: ClassVar[str] = Table3CrossEntropy.citation
    settings_of: ClassVar[str] = SHORTENED
    spec: ClassVar[Mapping[str, Any]] = retrained(Table3CrossEntropy.spec, title, training=SHORT)

    name: Literal["table3_cross_entropy_short"] = "table3_cross_entropy_short"
