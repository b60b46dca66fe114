"""The shapes of LPL's bounds by class."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

MOST_CLASSES = 100_000
Count = Annotated[int, Field(ge=0, lt=2**53)]
Probability = Annotated[float, Field(ge=0, le=1)]
NAMES: list[dict[str, Any]] = [{"type": "string", "minLength": 1}, {"type": "object"}]
Task = Literal["single_label", "multi_label"]
BOUNDS_EXAMPLE = {"class_counts": [500, 120, 40, 5], "perturbation": {"name": "lpl", "epsilon": 0.5}}


class BoundsQuestion(BaseModel):
    """LPL's parameters, and class counts or a data set that has them."""

    model_config = ConfigDict(extra="forbid")

    perturbation: Annotated[Any, WithJsonSchema({"anyOf": NAMES})] = Field(
        description="lpl, or an object with its name and parameters as in a spec"
    )
    class_counts: list[Count] | None = Field(
        None,
        min_length=2,
        max_length=MOST_CLASSES,
        description="training examples of each class (positives for multi label); or give `dataset`",
    )
    dataset: Annotated[Any, WithJsonSchema({"anyOf": [*NAMES, {"type": "null"}]})] = Field(
        None, description="a data set as in a spec, whose counts are taken"
    )
    task: Task | None = Field(None, description="single_label where neither this nor the data set says")
    q: list[Probability | None] | None = Field(
        None,
        max_length=MOST_CLASSES,
        description="mean probability of the true class, an entry per class, null for one that a batch lacks; where "
        "signs or bounds follow performance they are null without it",
    )


class BoundsAnswer(BaseModel):
    """How far and which way LPL perturbs each class; lists have an entry per class, by class index."""

    task: Task
    class_counts: list[int]
    order: list[int] = Field(description="class indices, the most frequent first, ties by index")
    sign: list[int | None] = Field(
        description="+1 raises the loss of the class (tail), -1 lowers it (head), 0 does neither; null without its q"
    )
    epsilon: list[float | None] = Field(description="bound of each class (Eq. 33); null where it needs a q not given")
    steps: list[int | None] | None = Field(description="steps of each class; null for the closed form of multi label")
    tau: float | None = Field(
        description="class_rank: the rank up to which classes are head; performance: the q below which losses rise"
    )
    largest_epsilon: float = Field(description="no bound of these parameters is larger, whatever q")
