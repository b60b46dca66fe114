"""The record of an alias: a name that stands for a composition of plug-ins."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from lplcore.plugin import PluginValue

Composition = Mapping[str, Any]
"""Field of a method spec -> what stands there: names, or objects with parameters."""


class Alias(PluginValue):
    """All that makes a method, so that whoever spells it out gets the same.

    Example:
        >>> focal = Alias(name="my_focal", title="My focal loss", composition={"loss": {"name": "focal", "gamma": 3.0}})
        >>> sorted(focal.tasks), focal.description
        (['single_label'], 'My focal loss.')
    """

    citation: str = Field("", description="source of the method")
    composition: Composition | None = Field(None, description="for single-label data; null where it does not fit them")
    multi_label_composition: Composition | None = Field(None, description="for multi-label data; null likewise")
    counterpart: str | None = Field(None, description="the nearest alias for the task that this one does not fit")
    shared: frozenset[str] = Field(frozenset(), description="parameters that go to every component that has them")

    @model_validator(mode="after")
    def _fits_a_task(self) -> Self:
        if not self.compositions():
            raise ValueError("an alias needs a composition, a multi_label_composition or both")
        return self

    @property
    def tasks(self) -> frozenset[str]:
        """`single_label`, `multi_label` or both."""
        return frozenset(self.compositions())

    def compositions(self) -> dict[str, Composition]:
        """Task -> composition, for the tasks that the alias fits."""
        by_task = {"single_label": self.composition, "multi_label": self.multi_label_composition}
        return {task: composition for task, composition in by_task.items() if composition is not None}

    def nearest(self, task: str) -> str:
        """The alias to take where this one does not fit a task."""
        return self.counterpart or ("cross_entropy" if task == "single_label" else "binary_cross_entropy")
