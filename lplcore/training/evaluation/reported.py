"""What a run reports of its validation and test splits, and of the epoch that is best on validation."""

from collections.abc import Callable, Mapping
from typing import Any

from lplcore.data.info import DatasetInfo
from lplcore.data.splits import Split
from lplcore.events import FloatArray
from lplcore.training.evaluation.multi_label import MultiLabelEvaluation
from lplcore.training.evaluation.single_label import Best, Evaluation
from lplcore.training.evaluation.temperature import Evaluate, temperature_metrics
from lplcore.training.evaluation.thresholds import tuned_on

AT_BEST = "at_best_validation"
"""Ending of the last epoch's metrics that are of the epoch best on validation."""
Metrics = dict[str, float | None]


class RunEvaluation:
    """Evaluates a run's splits epoch by epoch.

    Attributes:
        best: the best epoch, None without validation split.
        test_at_best: its test metrics by name.

    Args:
        tuned: multi label: whether every epoch's thresholds are chosen on the validation split.
    """

    def __init__(
        self,
        info: DatasetInfo,
        *,
        validation: Split | None,
        test: Split | None,
        evaluate: Evaluate,
        tuned: bool = False,
    ) -> None:
        self.info, self.validation, self.test, self.evaluate = info, validation, test, evaluate
        self.tuned = tuned
        self.best: Best | None = None
        self.test_at_best: Metrics = {}

    def replace(self, changed: Callable[[Split], Split]) -> None:
        """Evaluate other forms of the splits from now on."""
        self.validation = self.validation and changed(self.validation)
        self.test = self.test and changed(self.test)

    def add(self, metrics: Metrics, series: dict[str, FloatArray], *, epoch: int, last: Callable[[], bool]) -> bool:
        """Put an epoch's figures into its metrics and series; returns whether it is the best so far.

        Args:
            last: asked after validation: whether training ends with this epoch.
        """
        improved, validated = False, None
        if self.validation is not None:
            validated = self.evaluate(self.validation)
            validated = tuned_on(validated, validated) if self.tuned else validated
            improved = self._validate(validated, metrics, epoch)
        is_last = last()
        if validated is not None:
            series |= validated.series("validation", last=is_last)
        tested: Metrics = {}
        if self.test is not None:
            evaluation = self.evaluate(self.test)
            evaluation = tuned_on(validated, evaluation) if self.tuned and validated else evaluation
            tested = evaluation.metrics("test") | evaluation.group_metrics("test", self.info)
            series |= evaluation.series("test", last=is_last)
        self.test_at_best = tested if improved else self.test_at_best
        metrics |= tested
        if is_last:
            metrics |= {f"{name}.{AT_BEST}": value for name, value in self.test_at_best.items()}
            metrics |= self._temperature()
        return improved

    def _temperature(self) -> Metrics:
        if self.validation is None or self.info.task == "multi_label":
            return {}
        return temperature_metrics(self.evaluate, self.validation, self.test)

    def _validate(self, evaluation: Evaluation | MultiLabelEvaluation, metrics: Metrics, epoch: int) -> bool:
        name, value, _ = evaluation.headline
        metrics |= evaluation.metrics("validation")
        improved = evaluation.headline.beats(self.best and self.best.value)
        self.best = Best(epoch, f"validation/{name}", value) if improved and value is not None else self.best
        return improved

    def metadata(self) -> dict[str, Any]:
        """What a checkpoint says of the best epoch."""
        best = self.best and {"epoch": self.best.epoch, self.best.metric: self.best.value}
        return {"best": best, "test_at_best": self.test_at_best}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        """Take up what a checkpoint says; those of version 0.1.0 lack the test metrics."""
        best = metadata["best"]
        if best is not None:
            metric, value = next(item for item in best.items() if item[0] != "epoch")
            self.best = Best(best["epoch"], metric, value)
        self.test_at_best = dict(metadata.get("test_at_best", {}))
