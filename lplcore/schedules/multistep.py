"""Drops at milestones."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lplcore.schedules import Schedule


class Multistep(Schedule):
    """The rate is multiplied by gamma after each milestone (in completed epochs)."""

    title: ClassVar[str] = "Multistep"

    name: Literal["multistep"] = "multistep"
    milestones: list[Annotated[int, Field(ge=1, le=100_000)]] = Field(default_factory=list, max_length=100)
    gamma: float = Field(0.01, gt=0, le=1)

    def after_warmup(self, epoch: int, step: int, *, steps: int, epochs: int) -> float:
        return float(self.gamma ** sum(epoch >= milestone for milestone in self.milestones))
