"""Learning-rate schedules."""

from abc import abstractmethod

from pydantic import Field

from lplcore.plugin import Plugin


class Schedule(Plugin):
    """A factor on the learning rate: a linear warm-up, then what the plug-in says."""

    warmup_epochs: int = Field(0, ge=0, le=100_000, description="epochs over which the rate rises linearly")

    def factor(self, epoch: int, step: int, *, steps: int, epochs: int) -> float:
        """Factor on the learning rate at a step (from 0) of `steps` in an epoch (from 0) of `epochs`."""
        if epoch < self.warmup_epochs:
            return (epoch * steps + step + 1) / (self.warmup_epochs * steps)
        return self.after_warmup(epoch, step, steps=steps, epochs=epochs)

    @abstractmethod
    def after_warmup(self, epoch: int, step: int, *, steps: int, epochs: int) -> float:
        """The factor at a step (from 0) of `steps` in an epoch (from 0) of `epochs`, the warm-up being over."""
