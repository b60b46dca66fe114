"""What a search looks for: its space, its sampler, its budget."""

from typing import Any, Literal

from pydantic import Field

from lplcore.plugin import Record


class Range(Record):
    """Numbers from `low` to `high`, both included; whole numbers where both are whole numbers."""

    low: int | float = Field(description="the least value")
    high: int | float = Field(description="the greatest value, above the least")
    log: bool = Field(False, description="whether factors count alike, not differences; needs a least value above 0")
    step: int | float | None = Field(None, gt=0, description="distance of the values that are tried; null: any number")


class Halving(Record):
    """Asynchronous successive halving (Li et al., MLSys 2020): a trial waits at each rung, the best go on."""

    min_epochs: int = Field(5, ge=1, le=100_000, description="epochs up to the first rung")
    factor: int = Field(3, ge=2, le=100, description="one of so many goes on, to so many times the epochs")


class Search(Record):
    """Trials of a space, compared on validation."""

    sampler: Literal["random", "tpe", "grid"] = Field("tpe", description="where the next trial's point comes from")
    space: dict[str, Range | list[Any]] = Field(
        min_length=1,
        max_length=16,
        description="field, as of a sweep -> a range of numbers, or values to choose from",
    )
    metric: str | None = Field(None, description="of the validation split; null: the task's main metric there")
    trials: int | None = Field(None, ge=1, le=10_000, description="null: 20; of a grid all of its points")
    halving: Halving | None = Field(None, description="null: every trial is trained to the end")
    then_seeds: list[int] = Field([], max_length=10_000, description="seeds that the best points are trained with then")
    finalists: int = Field(1, ge=1, le=100, description="how many of the best points get `then_seeds`")
    at_once: int = Field(
        4, ge=1, le=1_000, description="tpe: trial n is proposed once trials up to n - at_once have a value"
    )
    seed: int = Field(0, ge=0, description="of the sampler")
