"""Linear decay."""

from typing import ClassVar, Literal

from lplcore.schedules import Schedule


class NewSchedule(Schedule):
    """From the optimiser's rate to zero, per epoch."""

    title: ClassVar[str] = "New schedule"

    name: Literal["new_schedule"] = "new_schedule"

    def after_warmup(self, epoch: int, step: int, *, steps: int, epochs: int) -> float:
        return 1 - epoch / epochs
