"""Learning-rate schedules."""

from abc import abstractmethod
from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from lplcore.plugin import Plugin


class Schedule(Plugin):
    """A factor on the learning rate: a linear warm-up, then what the plug-in says.

    A warm-up by epochs rises from 0 to the rate before the schedule begins; one by steps multiplies the schedule's own
    rate by what rises from `warmup_factor` to 1, as the field's detection code does.
    """

    warmup_epochs: int = Field(0, ge=0, le=100_000, description="epochs over which the rate rises linearly")
    warmup_steps: int = Field(0, ge=0, le=10_000_000, description="steps of a warm-up that ends within epochs")
    warmup_factor: float = Field(1 / 3, ge=0, le=1, description="share of the rate with which warmup_steps begin")

    def factor(self, epoch: int, step: int, *, steps: int, epochs: int) -> float:
        """Factor on the learning rate at a step (from 0) of `steps` in an epoch (from 0) of `epochs`."""
        if epoch < self.warmup_epochs:
            return (epoch * steps + step + 1) / (self.warmup_epochs * steps)
        factor = self.after_warmup(epoch, step, steps=steps, epochs=epochs)
        done = epoch * steps + step
        if done >= self.warmup_steps:
            return factor
        return factor * (1 - (1 - self.warmup_factor) * (1 - done / self.warmup_steps))

    @model_validator(mode="after")
    def _one_warmup(self) -> Self:
        if self.warmup_epochs and self.warmup_steps:
            message = "stands beside warmup_epochs; set one of the two to 0"
            raise PydanticCustomError("warmup", message, {"field": "warmup_steps"})
        return self

    @abstractmethod
    def after_warmup(self, epoch: int, step: int, *, steps: int, epochs: int) -> float:
        """The factor at a step (from 0) of `steps` in an epoch (from 0) of `epochs`, the warm-up being over."""
