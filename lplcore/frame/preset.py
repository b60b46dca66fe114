"""The record of a preset: a complete named experiment."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from lplcore.plugin import TASKS, PluginValue

PAPER = "Class-Level Logit Perturbation"
Follows = Literal["paper", "official", "released", "field", "project"]
"""Whose settings a preset has.

`paper`: what the paper's text says. `official`: the code that a compared method's authors published. `released`: the
scripts that the paper's authors published, which differ from its text. `field`: what others train the data set with,
where a method's authors say nothing of it. `project`: ours.
"""


def citation_of(fields: Mapping[str, Any]) -> str:
    """The paper's table row, where a preset has one."""
    return f"{PAPER}, {fields['table_row']}" if fields["table_row"] else ""


class Preset(PluginValue):
    """An experiment: its spec, the published figure it is set beside, and whose settings it follows."""

    tasks: ClassVar[frozenset[str]] = TASKS

    spec: Mapping[str, Any] = Field(description="the experiment; it is named by the title unless it names itself")
    table_row: str | None = Field(None, description="row of the paper that it reproduces")
    citation: str = Field(default_factory=citation_of, description="source of the figure; by default the table row's")
    published: Mapping[str, float] = Field({}, description="metric -> published value (fractions), as printed")
    follows: Follows = "project"
    settings_of: str = Field("this project", description="`follows` in words, with the differences")
    grid: Mapping[str, list[Any]] = Field(
        {},
        description="sweep field -> values that the source searches; the spec holds one point. Choose on a validation "
        "split",
    )

    @field_validator("spec")
    @classmethod
    def _named(cls, spec: Mapping[str, Any], info: ValidationInfo) -> Mapping[str, Any]:
        return {"name": info.data.get("title"), **spec}
