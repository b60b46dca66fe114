"""Parameters of LPL, and which of them go together."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from lplcore.perturbations import Perturbation

MAX_STEPS = 10_000
PERFORMANCE_DEFAULTS = {"threshold": "mean", "epsilon": 0.3, "delta_epsilon": 0.0, "step_size": 0.01}
SINGLE_LABEL_ONLY = (
    "split",
    "step_rounding",
    "num_steps",
    "normalize",
    "bound_from",
    "q_estimate",
    "resign_every_step",
    "tau_over",
    "same_side_normalized",
)


class LplOptions(Perturbation):
    """Its parameters, for both tasks."""

    task_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "multi_label": {"threshold": 0.5, "epsilon": 0.0, "delta_epsilon": 0.2, "step_size": 0.05}
    }
    hard_labels: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, Any] | None] = {"epsilon": 0.0, "delta_epsilon": 0.0}

    split: Literal["class_rank", "performance"] = Field(
        "class_rank",
        description="class_rank: head and tail by training count (Eq. 29); performance: q_c against tau (Eq. 27)",
    )
    threshold: float | Literal["mean"] = Field(
        0.4,
        description="tau. class_rank: below 1 a share of the classes that have examples, else a rank up to C + 1; "
        "performance: 'mean' or >= 0",
        json_schema_extra={"slider": {"min": 0, "max": 0.95, "step": 0.05}},
    )
    epsilon: float = Field(
        0.0,
        ge=0,
        le=1e6,
        description="epsilon, the fixed part of the bound (Eq. 33)",
        json_schema_extra={"slider": {"min": 0, "max": 5, "step": 0.1}},
    )
    delta_epsilon: float = Field(
        2.0,
        ge=0,
        le=1e6,
        description="Delta epsilon, the varied part of the bound (Eq. 33)",
        json_schema_extra={"slider": {"min": 0, "max": 5, "step": 0.1}},
    )
    step_size: float = Field(
        0.1,
        gt=0,
        le=1e6,
        description="alpha, length of one step (Eq. 31, 32)",
        json_schema_extra={"slider": {"min": 0.01, "max": 1, "step": 0.01}},
    )
    step_rounding: Literal["floor", "nearest", "exact"] = Field(
        "floor",
        description="steps from epsilon_c / alpha; exact takes ceil steps of equal length that end at epsilon_c",
    )
    num_steps: int | None = Field(None, ge=1, le=MAX_STEPS, description="n steps of epsilon_c / n; 1 is the fast mode")
    normalize: Literal["row", "none", "column"] = Field(
        "row",
        description="row: by the direction's own L2 norm; none: Eq. 31 as printed; column: as the released code, in "
        "which classes that have arrived walk on for the others' norms",
    )
    bound_from: Literal["count", "performance"] = Field(
        "count", description="ratios of Eq. 33 for class_rank: training counts (released code) or q (as printed)"
    )
    head_scale: float = Field(
        1.0,
        ge=0,
        le=1e6,
        description="factor on Delta epsilon for head classes",
        json_schema_extra={"slider": {"min": 0, "max": 2, "step": 0.1}},
    )
    q_estimate: Literal["batch", "running"] = Field("batch", description="q_c from the batch or an exponential average")
    resign_every_step: bool = Field(False, description="performance: decide tau and the signs again at every step")
    tau_over: Literal["present", "all"] = Field(
        "present",
        description="mean threshold over the present classes, or over all that have examples, absent ones as 0 "
        "(released code)",
    )
    same_side_normalized: bool = Field(
        False, description="performance: divide |tau - q_c| by its largest value on the same side (released code)"
    )
    detach: bool = Field(True, description="whether gradients stop at the perturbation")
    form: Literal["closed", "pgd"] = Field(
        "closed", description="multi label: closed form, or a walk by the sign of the gradient that gives the same"
    )

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_split(cls, value: object) -> object:
        if isinstance(value, dict) and value.get("split") == "performance":
            return {**PERFORMANCE_DEFAULTS, **value}
        return value

    @model_validator(mode="after")
    def _threshold_fits_the_split(self) -> Self:
        if self.split == "class_rank" and self.threshold == "mean":
            refuse("threshold", "'mean' needs split 'performance'; give a share of the classes or a rank")
        if self.threshold != "mean" and self.threshold < 0:
            refuse("threshold", "must be >= 0; class_rank takes a share below 1 or a rank up to C + 1")
        if self.largest_step_count() > MAX_STEPS:
            remedy = "raise it or give num_steps" if self.form == "closed" else "raise it"
            refuse("step_size", f"bounds over step_size make more than {MAX_STEPS} steps; {remedy}")
        return self

    def largest_bound(self) -> float:
        """An upper bound of epsilon_c over all classes and batches."""
        if self.split == "class_rank":
            return self.epsilon + self.delta_epsilon * max(1.0, self.head_scale)
        reach = 1.0 if self.threshold == "mean" or self.same_side_normalized else max(1.0, self.threshold)
        return self.epsilon + self.delta_epsilon * reach

    def largest_step_count(self) -> int:
        """An upper bound of K_c."""
        if self.num_steps is not None:
            return self.num_steps
        return math.ceil(min(self.largest_bound() / self.step_size, MAX_STEPS + 1.0))

    def stops_gradient(self, task: str) -> bool:
        # Multi label: signs and bounds do not depend on the logits.
        return self.detach and task == "single_label"

    def check(self, num_classes: int, task: str) -> list[tuple[str, str]]:
        if task == "multi_label":
            defaults = type(self).model_fields
            unfit = [name for name in SINGLE_LABEL_ONLY if getattr(self, name) != defaults[name].default]
        else:
            unfit = ["form"] if self.form != "closed" else []
        other = "single_label" if task == "multi_label" else "multi_label"
        wrong = [(name, f"{getattr(self, name)!r} is for {other} data; leave it out") for name in unfit]
        return wrong or self._threshold_problem(num_classes)

    def _threshold_problem(self, num_classes: int) -> list[tuple[str, str]]:
        if self.split == "class_rank" and self.threshold != "mean" and self.threshold > num_classes + 1:
            return [
                (
                    "threshold",
                    f"{self.threshold:g} lies outside [0, C + 1] = [0, {num_classes + 1}]; "
                    "give a share of the classes below 1 or a rank",
                )
            ]
        return []


def refuse(field: str, message: str) -> None:
    """Raise a validation error that names the field."""
    raise PydanticCustomError("lpl_parameter", "{message}", {"field": field, "message": message})
