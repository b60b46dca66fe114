"""One forward pass, one backward pass, one step."""

from typing import ClassVar, Literal

from lplcore.procedures import Procedure


class Standard(Procedure):
    """One forward pass, one backward pass, one step."""

    title: ClassVar[str] = "Standard training"
    probes: ClassVar[bool] = True

    name: Literal["standard"] = "standard"
