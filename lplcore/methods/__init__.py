"""Methods: names that expand to a composition of plug-ins."""

from collections.abc import Mapping
from typing import Any, ClassVar

from lplcore.plugin import Plugin


class Method(Plugin):
    """An alias.

    Class attributes: `composition` maps fields of a method spec to what the alias puts there (names, or objects with
    parameters), `model_defaults` fields of the model to what they get where a spec says nothing.
    """

    composition: ClassVar[Mapping[str, Any]]
    model_defaults: ClassVar[Mapping[str, Any]] = {}
