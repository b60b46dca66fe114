"""Fields of an experiment that are no plug-ins."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

from lplcore.plugin import Record

DECISION_THRESHOLD, TUNED = 0.5, "validation"
Tag = Annotated[str, Field(min_length=1, max_length=100)]


def known_device(name: str) -> str:
    """The name of a device, else an error that lists what there is."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]{1,3})?", name):
        raise PydanticCustomError("device", "must be auto, cpu, mps, cuda or cuda:<number>")
    return name


def some(values: list[Any]) -> list[Any]:
    """The values of a swept field, else an error where there are none."""
    if not values:
        raise PydanticCustomError("sweep", "give at least one value")
    return values


def a_threshold(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """A decision threshold, else one error in place of one for each of its forms."""
    try:
        return validate(value)
    except ValidationError:
        raise PydanticCustomError("threshold", "must be a number between 0 and 1, or 'validation'") from None


def fixed_threshold(threshold: float | str) -> float:
    """The threshold of all classes, that of a spec's where it says one."""
    return DECISION_THRESHOLD if isinstance(threshold, str) else threshold


class Checkpoints(Record):
    """When checkpoints are made and which are kept; the last epoch always makes one."""

    every_epochs: int = Field(10, ge=1, le=100_000, description="epochs from one checkpoint to the next")
    keep_last: int = Field(2, ge=1, le=100, description="newest checkpoints that are kept; older ones are deleted")
    keep_best: bool = Field(
        False,
        description="keep the epoch with the lowest validation error (multi label: highest mean average precision); "
        "needs a validation split",
    )


Device = Annotated[str, AfterValidator(known_device)]
SweptValues = Annotated[list[Any], AfterValidator(some)]
Threshold = Annotated[Annotated[float, Field(gt=0, lt=1)] | Literal["validation"], WrapValidator(a_threshold)]
