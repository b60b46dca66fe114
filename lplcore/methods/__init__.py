"""Methods: names that expand to a composition of plug-ins."""

from collections.abc import Mapping
from typing import Any, ClassVar

from lplcore.plugin import Plugin


class Method(Plugin):
    """An alias.

    Class attributes: `composition` maps fields of a method spec to what the alias puts there (names, or objects with
    parameters), all that makes the method: whoever spells it out gets the same. `multi_label_composition` is the same
    for multi-label data where the alias is for both, `counterpart` the nearest alias for the other task, `shared` names
    parameters that go to every component that has them.
    """

    composition: ClassVar[Mapping[str, Any]]
    multi_label_composition: ClassVar[Mapping[str, Any] | None] = None
    counterpart: ClassVar[str | None] = None
    shared: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def compositions(cls) -> dict[str, Mapping[str, Any]]:
        """Task -> composition, for the tasks that the alias fits."""
        both = cls.multi_label_composition is not None
        return {
            task: cls.multi_label_composition or cls.composition if both and task == "multi_label" else cls.composition
            for task in sorted(cls.tasks, reverse=True)
        }

    @classmethod
    def nearest(cls, task: str) -> str:
        """The alias to take where this one does not fit a task."""
        return cls.counterpart or ("cross_entropy" if task == "single_label" else "binary_cross_entropy")
