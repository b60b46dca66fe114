"""Cross entropy on CIFAR-10-LT for a CPU."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import SHORT, SHORTENED, retrained
from lplcore.presets.table4_cross_entropy import Table4CrossEntropy


class Table4CrossEntropyShort(Preset):
    """`table4_cross_entropy` in six epochs with one seed: minutes on a CPU, no figure to compare with."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, cross entropy, short"
    citation: ClassVar[str] = Table4CrossEntropy.citation
    settings_of: ClassVar[str] = SHORTENED
    spec: ClassVar[Mapping[str, Any]] = retrained(Table4CrossEntropy.spec, title, training=SHORT)

    name: Literal["table4_cross_entropy_short"] = "table4_cross_entropy_short"
