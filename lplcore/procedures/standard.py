"""One forward pass, one backward pass, one step."""

from typing import ClassVar, Literal

from lplcore.procedures import Procedure


class Standard(Procedure):
    """One forward pass, one backward pass, one step."""

    title: ClassVar[str] = "Standard training"
    formula: ClassVar[str] = r"\theta \leftarrow \theta - \eta \nabla_{\theta} \frac{1}{B} \sum_{i} \ell_i"
    effect: ClassVar[str] = "Adds nothing: head and tail are treated as the loss and the sampler do."
    advice: ClassVar[str] = "The default."
    probes: ClassVar[bool] = True

    name: Literal["standard"] = "standard"
