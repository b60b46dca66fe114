"""The shape of predictions."""

from pydantic import BaseModel, Field


class PredictionAnswer(BaseModel):
    """What a run's network says of one input."""

    label: str | None = Field(None, description="single label: its class")
    labels: list[str] | None = Field(None, description="multi label: its classes, possibly none")
    probabilities: list[float] = Field(description="of the classes in their order; they add up to 1 for single labels")


class PredictionList(BaseModel):
    """Predictions in the order of the inputs."""

    classes: list[str]
    predictions: list[PredictionAnswer]
