"""Deferred re-weighting (DRW) and re-sampling (DRS)."""

from typing import ClassVar, Literal

from pydantic import Field

from lplcore.procedures import Procedure


class Deferred(Procedure):
    """The method's weighting and sampler begin at a share of the training; before, weights are 1 and draws uniform.

    0.8 is epoch 160 of 200. Both change together, at the first whole epoch from there.
    """

    title: ClassVar[str] = "Deferred re-weighting and re-sampling"
    citation: ClassVar[str] = "Cao et al., Learning imbalanced datasets with LDAM loss, NeurIPS 2019, Algorithm 1"
    formula: ClassVar[str] = r"w_c(t) = \begin{cases} 1 & t < t_0 \\ w_c & t \ge t_0 \end{cases}"
    effect: ClassVar[str] = (
        "Features are learned from the data as they are; the weights and draws that favour the tail begin late."
    )
    advice: ClassVar[str] = (
        "With LDAM and class-balanced weights. The learning rate must not have dropped too far by then: on "
        "long-tailed digits nothing changes from 80 % of the training on."
    )
    probes: ClassVar[bool] = True

    name: Literal["deferred"] = "deferred"
    start: float = Field(
        0.8,
        gt=0,
        le=1,
        description="share of the training that is done when they begin",
        json_schema_extra={"slider": {"min": 0.05, "max": 1, "step": 0.05}},
    )

    def second_stage(self) -> float:
        return self.start
