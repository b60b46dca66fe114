"""What a job can be extended by."""

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

MOST_SEEDS, MOST_TRIALS = 10_000, 10_000


def different(seeds: list[int]) -> list[int]:
    """The seeds, else an error where one stands twice."""
    if len(set(seeds)) != len(seeds):
        raise PydanticCustomError("seeds", "every seed may stand once")
    return seeds


Seed = Annotated[int, Field(ge=0, lt=2**63, strict=True)]
Seeds = Annotated[list[Seed], AfterValidator(different), Field(json_schema_extra={"uniqueItems": True})]


class Extension(BaseModel):
    """Seeds that every sweep point of a job is to have, or a search's best points; or more trials of a search."""

    model_config = ConfigDict(extra="forbid")

    seeds: Seeds | None = Field(
        None,
        min_length=1,
        max_length=MOST_SEEDS,
        description="one more run of each sweep point, of a search of each finalist, for each that it lacks; whole "
        "numbers from 0",
        examples=[[3, 4]],
    )
    trials: Annotated[int, Field(strict=True)] | None = Field(
        None, ge=1, le=MOST_TRIALS, description="of a search: so many more", examples=[20]
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.seeds is None) == (self.trials is None):
            raise PydanticCustomError("extension", "give `seeds` or, of a search, `trials`, one of them")
        return self
