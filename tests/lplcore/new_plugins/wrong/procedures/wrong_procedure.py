"""A negative learning rate."""

from typing import ClassVar, Literal

from lplcore.procedures import Procedure


class WrongProcedure(Procedure):
    """Goes uphill in its second stage."""

    title: ClassVar[str] = "Wrong procedure"

    name: Literal["wrong_procedure"] = "wrong_procedure"

    def learning_rate_factor(self, *, second_stage: bool) -> float:
        return -1.0 if second_stage else 1.0
