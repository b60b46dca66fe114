"""Runs: state, metrics, checkpoints, logs."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from client import downloads
from client.answers import (
    Calibration,
    Checkpoint,
    ClassMetrics,
    ConfusionEntries,
    ConfusionMatrix,
    Curve,
    Curves,
    HistoryEntry,
    LogEntry,
    LossVariations,
    Run,
)
from client.calls.finding import Finding
from client.calls.request import at, listed, read
from client.errors import ApiError

AnyRun = str | Run
UNKNOWN_TO_OLDER_SERVICES = (404, 422)


class RunCalls(Finding):
    """The calls on runs; a run is given by its id, the beginning of its id, by its job, or as a record."""

    def get_run(self, run: AnyRun) -> Run:
        """A run."""
        return self._of_run(run, self._run)

    def cancel_run(self, run: AnyRun) -> Run:
        """Ask for the end of a run."""
        return self._of_run(run, lambda run_id: self._act(at("runs", run_id), "cancel", Run))

    def pause_run(self, run: AnyRun) -> Run:
        """Ask for a run to wait, from a checkpoint."""
        return self._of_run(run, lambda run_id: self._act(at("runs", run_id), "pause", Run))

    def resume_run(self, run: AnyRun) -> Run:
        """Let a paused run go on."""
        return self._of_run(run, lambda run_id: self._act(at("runs", run_id), "resume", Run))

    def retry_run(self, run: AnyRun) -> Run:
        """Run a failed or cancelled run again, as a new run."""
        return self._of_run(run, lambda run_id: self._act(at("runs", run_id), "retry", Run))

    def metrics(self, run: AnyRun, *, names: Sequence[str] | None = None, after_epoch: int | None = None) -> Curves:
        """Learning curves by name, fractions; epochs count from 1."""
        params = {"names": ",".join(names) if names else None, "after_epoch": after_epoch}
        answer = self._of(run, "metrics", params)
        return Curves(read(dict[str, Curve], answer["metrics"]))

    def loss_variations(
        self, run: AnyRun, *, epoch: int | None = None, after_epoch: int | None = None
    ) -> LossVariations:
        """Relative loss variation per epoch and class; None where undefined."""
        return read(LossVariations, self._of(run, "loss-variations", {"epoch": epoch, "after_epoch": after_epoch}))

    def class_metrics(
        self, run: AnyRun, name: str = "test/accuracy", *, epoch: int | None = None, after_epoch: int | None = None
    ) -> ClassMetrics:
        """A metric per epoch and class: `test/accuracy`, `lpl/q`, `lpl/epsilon`, `lpl/sign`..."""
        params = {"name": name, "epoch": epoch, "after_epoch": after_epoch}
        answer = read(dict[str, Any], self._of(run, "class-metrics", params))
        # The service answers the values under the metric's own name.
        values = answer.pop(name, [])
        return read(ClassMetrics, {**answer, "name": name, "values": values})

    def confusion_matrix(self, run: AnyRun) -> ConfusionMatrix:
        """The test set's confusion matrix after the last epoch."""
        return read(ConfusionMatrix, self._of(run, "confusion-matrix"))

    def confusion_entries(self, run: AnyRun, *, limit: int | None = None) -> ConfusionEntries:
        """The cells of the confusion matrix that have examples, largest first; the only form above 1,000 classes."""
        return read(ConfusionEntries, self._of(run, "confusion-matrix", {"format": "entries", "limit": limit}))

    def calibration(self, run: AnyRun) -> Calibration:
        """How sure the predictions on the test set are and how often right, by confidence, after the last epoch."""
        return read(Calibration, self._of(run, "calibration"))

    def checkpoints(self, run: AnyRun) -> list[Checkpoint]:
        """The stored checkpoints of a run."""
        return listed(Checkpoint, self._of(run, "checkpoints"))

    def download_checkpoint(
        self, checkpoint: Checkpoint, path: str | Path, *, on_bytes: Callable[[int], None] | None = None
    ) -> Path:
        """Stream a checkpoint to a file, which appears only when it is whole and its SHA-256 is right.

        Raises:
            DownloadError: the content is damaged.
            OSError: the file cannot be written.
        """
        return downloads.download(self._transport, checkpoint, Path(path), on_bytes=on_bytes)

    def history(self, run: AnyRun, *, kinds: Sequence[str] = ()) -> list[HistoryEntry]:
        """What has happened to a run, newest first: `state`, `checkpoint`, `rewind`, and `epoch` where asked for."""
        only = {"kind": list(kinds) or None}
        return self._of_run(
            run, lambda run_id: list(self._all(HistoryEntry, at("runs", run_id, "history"), page_size=1000, **only))
        )

    def epoch_times(self, run: AnyRun) -> dict[int, datetime]:
        """When each epoch was recorded, for the last time where the run went back; empty where a service says none."""
        try:
            entries = self.history(run, kinds=["epoch"])
        except ApiError as error:
            if error.status not in UNKNOWN_TO_OLDER_SERVICES:
                raise
            return {}
        return {int(entry.data["epoch"]): entry.created_at for entry in reversed(entries)}

    def logs(self, run: AnyRun, *, tail: int | None = None) -> list[LogEntry]:
        """All log lines of a run, or the last so many, oldest first."""
        if tail is None:
            return self._of_run(run, lambda run_id: list(self._all(LogEntry, at("runs", run_id, "logs"))))
        last = self._of_run(run, lambda run_id: self._last_lines(run_id, tail))
        return last[::-1]

    def _last_lines(self, run_id: str, number: int) -> list[LogEntry]:
        lines = self._all(LogEntry, at("runs", run_id, "logs"), page_size=min(max(number, 1), 1000), order="desc")
        return list(islice(lines, number))

    def _of(self, run: AnyRun, part: str, params: Mapping[str, Any] | None = None) -> Any:
        return self._of_run(run, lambda run_id: self._transport.get(at("runs", run_id, part), params))
