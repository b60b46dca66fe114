"""The shapes of reports by class."""

from typing import Any, Literal

from pydantic import BaseModel

from api.schemas.results import CalibrationBin

Task = Literal["single_label", "multi_label"]


class Confused(BaseModel):
    """Test examples of a class that are taken for another, by its place in `classes`; `share` is of the class's."""

    predicted: int
    count: int
    share: float


class ConfusedPair(Confused):
    """Test examples of one class that are taken for another, by the places of both in `classes`."""

    true: int


class RunClass(BaseModel):
    """A class in a run's report; null is what is undefined or not kept."""

    name: str
    training_count: int | None
    test_count: int | None
    precision: float | None
    recall: float | None
    f1: float | None
    average_precision: float | None
    confused_with: list[Confused]


class RunCalibrationError(BaseModel):
    """Expected calibration error of a run, and its bins."""

    error: float
    bins: list[CalibrationBin]


class RunClassReport(BaseModel):
    """What a run has measured of each class on the test set."""

    run: str
    job: str
    epoch: int
    task: Task
    notes: list[str]
    classes: list[RunClass]
    most_confused: list[ConfusedPair]
    calibration: RunCalibrationError | None


class MeanOverRuns(BaseModel):
    """A figure over runs; `std` has n - 1 in its denominator and is null at n = 1."""

    mean: float | None
    std: float | None
    n: int


class PointClass(BaseModel):
    """A class in the report of a sweep point; null is what is not kept, counts of test examples are of one run."""

    name: str
    training_count: int | None
    test_count: int | None
    precision: MeanOverRuns | None
    recall: MeanOverRuns | None
    f1: MeanOverRuns | None
    average_precision: MeanOverRuns | None
    confused_with: list[Confused]


class PointCalibrationError(BaseModel):
    """Expected calibration error over runs, and the bins of all their examples."""

    error: MeanOverRuns
    bins: list[CalibrationBin]


class PointClassReport(BaseModel):
    """What the runs of a sweep point have measured of each class; confused examples are those of all runs."""

    point: dict[str, Any]
    label: str
    runs: list[str]
    seeds: list[int]
    task: Task
    notes: list[str]
    classes: list[PointClass]
    most_confused: list[ConfusedPair]
    calibration: PointCalibrationError | None


class JobClassReport(BaseModel):
    """Reports of a job's sweep points whose runs have succeeded; `left_out` points are more than one answer holds."""

    job: str
    points: list[PointClassReport]
    left_out: int
