"""What reports by class answer."""

from html import escape
from typing import Any

from pydantic import Field

from client.answers import Calibration, CalibrationBin
from client.class_report_fields import (
    ClassReportFields,
    ConfusedPairFields,
    MeanOverRunsFields,
    MostWrongFields,
    PointClassFields,
    PointClassReportFields,
    RunClassFields,
    ShownExampleFields,
    WrongExampleFields,
)
from client.notebook import data_frame
from client.record import Answer

FIGURES = ("precision", "recall", "f1", "average_precision")


class ConfusedPair(ConfusedPairFields):
    """Test examples of one class that are taken for another, by the classes' places; `share` is of the true class's."""


class MeanOverRuns(MeanOverRunsFields):
    """A figure over runs; `std` is None at n = 1."""


class RunClass(RunClassFields):
    """A class in a run's report; None is what is undefined or not kept."""

    confused_with: list[ConfusedPair] = Field(default_factory=list)


class PointClass(PointClassFields):
    """A class in the report of a sweep point."""

    precision: MeanOverRuns | None = None
    recall: MeanOverRuns | None = None
    f1: MeanOverRuns | None = None
    average_precision: MeanOverRuns | None = None
    confused_with: list[ConfusedPair] = Field(default_factory=list)


class RunCalibration(Calibration):
    """Expected calibration error of a run, and its bins."""

    error: float = 0.0


class PointCalibration(Answer):
    """Expected calibration error over runs, and the bins of all their examples."""

    error: MeanOverRuns = Field(default_factory=MeanOverRuns)
    bins: list[CalibrationBin] = Field(default_factory=list)


class ClassReport(ClassReportFields):
    """What a run has measured of each class on the test set."""

    classes: list[RunClass] = Field(default_factory=list)
    most_confused: list[ConfusedPair] = Field(default_factory=list)
    calibration: RunCalibration | None = None

    def to_pandas(self) -> Any:
        """A DataFrame with a row per class."""
        columns = ("training_count", "test_count", *FIGURES)
        rows = [[getattr(each, column) for column in columns] for each in self.classes]
        return data_frame(rows, index=[each.name for each in self.classes], columns=columns)


class PointClassReport(PointClassReportFields):
    """What the runs of a sweep point have measured of each class."""

    classes: list[PointClass] = Field(default_factory=list)
    most_confused: list[ConfusedPair] = Field(default_factory=list)
    calibration: PointCalibration | None = None


class JobClassReport(Answer):
    """Reports of a job's sweep points; `left_out` are more than one answer holds."""

    job: str = ""
    points: list[PointClassReport] = Field(default_factory=list)
    left_out: int = 0

    def to_pandas(self) -> Any:
        """A DataFrame with a row per point and class: mean, standard deviation and number of runs of every figure."""
        rows = []
        for point in self.points:
            for each in point.classes:
                row: dict[str, Any] = {"point": point.label, "class": each.name}
                for name in FIGURES:
                    figure = getattr(each, name) or MeanOverRuns()
                    row |= {name: figure.mean, f"{name}.std": figure.std, f"{name}.n": figure.n}
                rows.append(row)
        return data_frame(rows)


class WrongExample(WrongExampleFields):
    """A test example by its place in the test split, its classes by their places in the list of them."""


class MostWrong(MostWrongFields):
    """Of each class the test examples with the lowest probability of it, lowest first."""

    examples: list[WrongExample] = Field(default_factory=list)

    def to_pandas(self) -> Any:
        """A DataFrame with a row per example, classes by name."""
        rows = [
            [each.index, self.classes[each.true], self.classes[each.predicted], each.probability, each.true_probability]
            for each in self.examples
        ]
        return data_frame(rows, columns=["index", "true", "predicted", "probability", "true_probability"])


class ShownExample(ShownExampleFields):
    """A test example as people see it: a PNG as a data URI, or the first values."""

    def _repr_html_(self) -> str:
        if self.image is None:
            return f"<code>{escape(str(self.values))}</code>"
        return f'<img src="{escape(self.image)}" alt="test example {self.index}">'


class ShownExamples(Answer):
    """Test examples in the order asked for."""

    examples: list[ShownExample] = Field(default_factory=list)
