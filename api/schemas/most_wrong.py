"""The shapes of the test examples that a run gets most wrong."""

from pydantic import BaseModel


class WrongExample(BaseModel):
    """A test example by its place in the test split; classes by their places in `classes`."""

    index: int
    true: int
    predicted: int
    probability: float | None
    """Of the predicted class."""
    true_probability: float | None


class MostWrong(BaseModel):
    """Of each class the test examples with the highest loss, highest first; 5 at most, and 5,000 of all classes."""

    classes: list[str]
    epoch: int
    examples: list[WrongExample]
