"""Presets: complete named experiments."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.plugin import Plugin

Follows = Literal["paper", "official", "released", "field", "project"]
"""Whose settings a preset has.

`paper`: what the paper's text says. `official`: the code that a compared method's authors published. `released`: the
scripts that the paper's authors published, which differ from its text. `field`: what others train CIFAR-LT with, where
a method's authors say nothing of it. `project`: ours.
"""


class Preset(Plugin):
    """An experiment: its spec, the published figure it is set beside, and whose settings it follows."""

    spec: ClassVar[Mapping[str, Any]]
    published: ClassVar[Mapping[str, float]] = {}
    """Metric -> published value (fractions), as printed."""
    table_row: ClassVar[str | None] = None
    follows: ClassVar[Follows] = "project"
    settings_of: ClassVar[str] = "this project"
    """The same in words, with what is known to differ."""
    grid: ClassVar[Mapping[str, list[Any]]] = {}
    """Sweep field -> values that the source searches; the spec holds one point. Choose on a validation split."""
