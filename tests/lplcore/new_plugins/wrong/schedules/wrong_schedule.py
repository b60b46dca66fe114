"""A schedule that falls below zero."""

from typing import ClassVar, Literal

from lplcore.schedules import Schedule


class WrongSchedule(Schedule):
    """Falls by a third every epoch."""

    title: ClassVar[str] = "Wrong schedule"

    name: Literal["wrong_schedule"] = "wrong_schedule"

    def after_warmup(self, epoch: int, step: int, *, steps: int, epochs: int) -> float:
        return 1 - epoch / 3
