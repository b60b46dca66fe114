"""What a job can be extended by."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

MOST_SEEDS = 10_000


def different(seeds: list[int]) -> list[int]:
    """The seeds, else an error where one stands twice."""
    if len(set(seeds)) != len(seeds):
        raise PydanticCustomError("seeds", "every seed may stand once")
    return seeds


def of_searches(value: Any) -> Any:
    """An error: what only a search has."""
    raise PydanticCustomError("trials", "only a search has trials, and there are no searches yet; give `seeds`")


Seed = Annotated[int, Field(ge=0, lt=2**63, strict=True)]
Seeds = Annotated[list[Seed], AfterValidator(different), Field(json_schema_extra={"uniqueItems": True})]


class Extension(BaseModel):
    """Seeds that every sweep point of a job is to have."""

    model_config = ConfigDict(extra="forbid")

    seeds: Seeds = Field(
        min_length=1,
        max_length=MOST_SEEDS,
        description="one more run of each sweep point for each that it lacks; whole numbers from 0",
        examples=[[3, 4]],
    )
    trials: Annotated[SkipJsonSchema[Any], BeforeValidator(of_searches)] = None
