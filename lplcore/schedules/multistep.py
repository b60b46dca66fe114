"""Drops at milestones."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lplcore.schedules import Schedule


class Multistep(Schedule):
    """The rate is multiplied by gamma after each milestone (in completed epochs).

    `one_epoch_early` counts as code does that asks for the rate of epoch + 1: milestone 80 then lowers that of the 80th
    epoch itself, where it is the 81st else.
    """

    title: ClassVar[str] = "Multistep"

    name: Literal["multistep"] = "multistep"
    milestones: list[Annotated[int, Field(ge=1, le=100_000)]] = Field(
        default_factory=list,
        max_length=100,
        description="completed epochs after which the rate drops, at most 100 of them",
    )
    gamma: float = Field(0.01, gt=0, le=1, description="factor on the rate at each milestone, above 0 and at most 1")
    one_epoch_early: bool = Field(
        False,
        description="drop with the milestone's epoch, not after it, as in ISDA's and Meta-Weight-Net's official code",
    )

    def after_warmup(self, epoch: int, step: int, *, steps: int, epochs: int) -> float:
        place = epoch + self.one_epoch_early
        return float(self.gamma ** sum(place >= milestone for milestone in self.milestones))
