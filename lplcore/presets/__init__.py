"""Presets: complete named experiments."""

from collections.abc import Mapping
from typing import Any, ClassVar

from lplcore.plugin import Plugin


class Preset(Plugin):
    """An experiment: its spec, the published figure it is set beside, and whose settings it follows."""

    spec: ClassVar[Mapping[str, Any]]
    published: ClassVar[Mapping[str, float]] = {}
    """Metric -> published value (fractions)."""
    table_row: ClassVar[str | None] = None
    settings_of: ClassVar[str] = "this project"
