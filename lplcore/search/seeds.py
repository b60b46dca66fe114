"""Seeds of runs, as specs list them."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError


def different(seeds: list[int]) -> list[int]:
    """The seeds, else an error where one stands twice."""
    if len(set(seeds)) != len(seeds):
        raise PydanticCustomError("seeds", "every seed may stand once")
    return seeds


Seed = Annotated[int, Field(ge=0, lt=2**63)]
Seeds = Annotated[list[Seed], AfterValidator(different)]
