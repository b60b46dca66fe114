"""Methods: names that expand to a composition of plug-ins."""

from collections.abc import Mapping
from typing import Any, ClassVar

from lplcore.plugin import Plugin


class Method(Plugin):
    """An alias. `composition` maps fields of a method spec to what the alias puts there."""

    composition: ClassVar[Mapping[str, Any]]
