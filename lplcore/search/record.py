"""What a search looks for: its space, its sampler, its budget."""

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from lplcore.plugin import Record
from lplcore.search.seeds import Seed, Seeds

DEFAULT_TRIALS = 20
MOST_TRIALS, MOST_CHOICES = 10_000, 200
DIGITS = 6
"""Significant digits of a number that is drawn from a range without steps."""


def a_number(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """A number, else one error in place of one for each of its forms."""
    try:
        return validate(value)
    except ValidationError:
        raise PydanticCustomError("number", "must be a number") from None


Number = Annotated[int | float, WrapValidator(a_number)]


class Range(Record):
    """Numbers from `low` to `high`, both included; whole numbers where both, and the field's own value, are."""

    low: Number = Field(description="the least value")
    high: Number = Field(description="the greatest value, above the least")
    log: bool = Field(False, description="whether factors count alike, not differences; needs a least value above 0")
    step: Number | None = Field(None, gt=0, description="distance of the values that are tried; null: any number")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.low >= self.high:
            raise wrong("high", f"must be above low, {self.low:g}")
        if self.log and self.low <= 0:
            raise wrong("low", "must be above 0 where log is true")
        if self.log and self.step is not None:
            raise wrong("step", "does not go with log; leave one of them out, or list the values")
        if self.step is not None and self.step > self.high - self.low:
            raise wrong("step", "leaves one value alone; lower it")
        return self

    @property
    def whole(self) -> bool:
        """Whether the values are whole numbers."""
        return all(isinstance(number, int) for number in (self.low, self.high, self.step or 1))

    @property
    def count(self) -> int | None:
        """How many values there are; None: any number between."""
        if not self.whole and self.step is None:
            return None
        return math.floor((self.high - self.low) / (self.step or 1) + 1e-9) + 1

    def value(self, index: int) -> int | float:
        """The value at a place from 0, of a range with a `count`."""
        value = self.low + index * (self.step or 1)
        return value if isinstance(value, int) else min(max(float(f"{value:.12g}"), self.low), self.high)

    def index(self, value: float) -> int:
        """The place of a value, of a range with a `count`."""
        return round((value - self.low) / (self.step or 1))

    def drawn(self, share: float) -> int | float:
        """The value that a share, in [0, 1), of the range stands for."""
        if not self.log:
            return (
                self.rounded(self.low + share * (self.high - self.low))
                if self.count is None
                else self.value(int(share * self.count))
            )
        above = self.high + 1 if self.whole else self.high
        value = self.low * (above / self.low) ** share
        return min(math.floor(value), int(self.high)) if self.whole else self.rounded(value)

    def rounded(self, value: float) -> float:
        """The value with few digits, within the range."""
        return float(min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high))


Choices = list[Any]
Values = Range | Choices


def some_values(value: Any) -> Any:
    """A range or a list, else an error in place of one for each of its forms."""
    if not isinstance(value, Range | Mapping | list):
        raise PydanticCustomError("space", "give values to choose from, or a range with low and high")
    if value == []:
        raise PydanticCustomError("space", "give at least one value")
    return value


def form(value: Any) -> str:
    """The tag of a field's values."""
    return "choices" if isinstance(value, list) else "range"


def wrong(field: str, message: str) -> PydanticCustomError:
    """The error of one field of a record that does not go with another."""
    return PydanticCustomError("search", "{message}", {"field": field, "message": message})


SpaceValues = Annotated[
    Annotated[Range, Tag("range")] | Annotated[Choices, Tag("choices"), Field(max_length=MOST_CHOICES)],
    Discriminator(form),
    BeforeValidator(some_values),
]


class Halving(Record):
    """Asynchronous successive halving (Li et al., MLSys 2020): a trial waits at each rung, the best go on."""

    min_epochs: int = Field(5, ge=1, le=100_000, description="epochs up to the first rung")
    factor: int = Field(3, ge=2, le=100, description="one of so many goes on, to so many times the epochs")


class Search(Record):
    """Trials of a space, compared on validation."""

    sampler: Literal["random", "tpe", "grid"] = Field("tpe", description="where the next trial's point comes from")
    space: dict[str, SpaceValues] = Field(
        min_length=1,
        max_length=16,
        description="field, as of a sweep -> a range of numbers, or values to choose from",
    )
    metric: str | None = Field(None, description="of the validation split; null: the task's main metric there")
    trials: int | None = Field(None, ge=1, le=MOST_TRIALS, description="null: 20; of a grid all of its points")
    added: list[Annotated[int, Field(ge=1, le=MOST_TRIALS)]] = Field(
        [], max_length=1_000, description="more trials, asked for later; filled in where a search is extended"
    )
    halving: Halving | None = Field(None, description="null: every trial is trained to the end")
    then_seeds: Seeds = Field([], max_length=10_000, description="seeds that the best points are trained with then")
    finalists: int = Field(1, ge=1, le=100, description="how many of the best points get `then_seeds`")
    at_once: int = Field(
        4, ge=1, le=1_000, description="tpe: trial n is proposed once trials up to n - at_once have a value"
    )
    seed: Seed = Field(0, description="of the sampler")

    @model_validator(mode="after")
    def _a_grid_is_finite(self) -> Self:
        endless = [field for field, values in self.space.items() if count(values) is None]
        if self.sampler == "grid" and endless:
            message = "a grid needs values, whole numbers or a step; give step, or take random or tpe for sampler"
            raise wrong(f"space.{endless[0]}", message)
        return self

    @property
    def size(self) -> int | None:
        """How many points the space has; None: any number."""
        counts = [count(values) for values in self.space.values()]
        return None if None in counts else math.prod(number for number in counts if number is not None)

    @property
    def ends(self) -> list[int]:
        """The number of trials at first, and after each extension; the last is that of all."""
        ends = [self.trials or (self.size if self.sampler == "grid" else None) or DEFAULT_TRIALS]
        for more in self.added:
            ends.append(ends[-1] + more)
        return ends

    def extended(self, more: int) -> "Search":
        """The search with so many more trials."""
        return self.model_copy(update={"trials": self.ends[0], "added": [*self.added, more]})

    def point(self, index: int) -> dict[str, Any]:
        """The point of a finite space at a place from 0, in the order of a sweep: the last field's innermost."""
        point: dict[str, Any] = {}
        for field, values in reversed(self.space.items()):
            index, place = divmod(index, count(values) or 1)
            point[field] = values.value(place) if isinstance(values, Range) else values[place]
        return dict(reversed(point.items()))


def count(values: Values) -> int | None:
    """How many values a field may have; None: any number between two."""
    return values.count if isinstance(values, Range) else len(values)


def key(value: Any) -> str:
    """The same text for equal values, also where 2.0 has become 2 on its way."""
    return json.dumps(with_whole_numbers(value), sort_keys=True)


def with_whole_numbers(value: Any) -> Any:
    """The value with whole numbers in place of floats that are whole."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: with_whole_numbers(part) for name, part in value.items()}
    return [with_whole_numbers(part) for part in value] if isinstance(value, list | tuple) else value
