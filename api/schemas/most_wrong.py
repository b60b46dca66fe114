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


class ShownExample(BaseModel):
    """A test example as people see it."""

    index: int
    image: str | None = None
    """A PNG as a data URI; of examples that are images."""
    values: list[float] | None = None
    """The first ones of other examples, as they are trained on before normalisation."""


class ShownExamples(BaseModel):
    """Test examples in the order asked for."""

    examples: list[ShownExample]


class MostWrong(BaseModel):
    """Of each class the test examples with the highest loss, highest first; 5 at most, and 5,000 of all classes."""

    classes: list[str]
    epoch: int
    examples: list[WrongExample]
