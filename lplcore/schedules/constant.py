"""A constant learning rate."""

from typing import ClassVar, Literal

from lplcore.schedules import Schedule


class Constant(Schedule):
    """The optimiser's rate throughout."""

    title: ClassVar[str] = "Constant"

    name: Literal["constant"] = "constant"

    def after_warmup(self, epoch: int, step: int, *, steps: int, epochs: int) -> float:
        return 1.0
