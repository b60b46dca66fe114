"""Fields of reports by class, written from docs/openapi.json by `python -m tests.interface`.

Fields that hold other answers are declared in `client.class_report`.
"""

from typing import Any

from pydantic import Field

from client.record import Answer


class ConfusedPairFields(Answer):
    """Test examples of one class that are taken for another, by the places of both in `classes`."""

    predicted: int = 0
    count: int = 0
    share: float = 0.0
    true: int = 0


class RunClassFields(Answer):
    """A class in a run's report; null is what is undefined or not kept."""

    name: str = ""
    training_count: int | None = None
    test_count: int | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    average_precision: float | None = None


class ClassReportFields(Answer):
    """What a run has measured of each class on the test set."""

    run: str = ""
    job: str = ""
    epoch: int = 0
    task: str = ""
    notes: list[str] = Field(default_factory=list)


class MeanOverRunsFields(Answer):
    """A figure over runs; `std` has n - 1 in its denominator and is null at n = 1."""

    mean: float | None = None
    std: float | None = None
    n: int = 0


class PointClassFields(Answer):
    """A class in the report of a sweep point; null is what is not kept, counts of test examples are of one run."""

    name: str = ""
    training_count: int | None = None
    test_count: int | None = None


class PointClassReportFields(Answer):
    """What the runs of a sweep point have measured of each class; confused examples are those of all runs."""

    point: dict[str, Any] = Field(default_factory=dict)
    label: str = ""
    runs: list[str] = Field(default_factory=list)
    seeds: list[int] = Field(default_factory=list)
    task: str = ""
    notes: list[str] = Field(default_factory=list)


class WrongExampleFields(Answer):
    """A test example by its place in the test split; classes by their places in `classes`."""

    index: int = 0
    true: int = 0
    predicted: int = 0
    probability: float | None = None
    true_probability: float | None = None


class MostWrongFields(Answer):
    """Of each class the test examples with the highest loss, highest first; 5 at most, and 5,000 of all classes."""

    classes: list[str] = Field(default_factory=list)
    epoch: int = 0


class ShownExampleFields(Answer):
    """A test example as people see it."""

    index: int = 0
    image: str | None = None
    values: list[float] | None = None
