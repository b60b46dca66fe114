"""A slower second half."""

from typing import ClassVar, Literal

from lplcore.procedures import Procedure


class NewProcedure(Procedure):
    """Half the learning rate in the second half."""

    title: ClassVar[str] = "New procedure"

    name: Literal["new_procedure"] = "new_procedure"

    def second_stage(self) -> float:
        return 0.5

    def learning_rate_factor(self, *, second_stage: bool) -> float:
        return 0.5 if second_stage else 1.0
