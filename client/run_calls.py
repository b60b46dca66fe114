"""Runs: state, metrics, checkpoints, logs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from client import downloads
from client.answers import Checkpoint, ClassMetrics, ConfusionMatrix, Curve, LogEntry, LossVariations, Run
from client.calls import Calls, at, listed, read


class RunCalls(Calls):
    """The calls on runs."""

    def get_run(self, run_id: str) -> Run:
        """A run."""
        return read(Run, self._transport.get(at("runs", run_id)))

    def cancel_run(self, run_id: str) -> Run:
        """Ask for the end of a run."""
        return self._act(at("runs", run_id), "cancel", Run)

    def pause_run(self, run_id: str) -> Run:
        """Ask for a run to wait, from a checkpoint."""
        return self._act(at("runs", run_id), "pause", Run)

    def resume_run(self, run_id: str) -> Run:
        """Let a paused run go on."""
        return self._act(at("runs", run_id), "resume", Run)

    def retry_run(self, run_id: str) -> Run:
        """Run a failed or cancelled run again, as a new run."""
        return self._act(at("runs", run_id), "retry", Run)

    def metrics(
        self, run_id: str, *, names: Sequence[str] | None = None, after_epoch: int | None = None
    ) -> dict[str, Curve]:
        """Learning curves by name, fractions; epochs count from 1."""
        params = {"names": ",".join(names) if names else None, "after_epoch": after_epoch}
        answer = self._transport.get(at("runs", run_id, "metrics"), params)
        return read(dict[str, Curve], answer["metrics"])

    def loss_variations(self, run_id: str, *, epoch: int | None = None) -> LossVariations:
        """Relative loss variation per epoch and class; None where undefined."""
        path = at("runs", run_id, "loss-variations")
        return read(LossVariations, self._transport.get(path, {"epoch": epoch}))

    def class_metrics(self, run_id: str, name: str = "test/accuracy", *, epoch: int | None = None) -> ClassMetrics:
        """A metric per epoch and class: `test/accuracy`, `lpl/q`, `lpl/epsilon`, `lpl/sign`..."""
        path = at("runs", run_id, "class-metrics")
        answer = read(dict[str, Any], self._transport.get(path, {"name": name, "epoch": epoch}))
        # The service answers the values under the metric's own name.
        values = answer.pop(name, [])
        return read(ClassMetrics, {**answer, "name": name, "values": values})

    def confusion_matrix(self, run_id: str) -> ConfusionMatrix:
        """The test set's confusion matrix after the last epoch."""
        return read(ConfusionMatrix, self._transport.get(at("runs", run_id, "confusion-matrix")))

    def checkpoints(self, run_id: str) -> list[Checkpoint]:
        """The stored checkpoints of a run."""
        return listed(Checkpoint, self._transport.get(at("runs", run_id, "checkpoints")))

    def download_checkpoint(
        self, checkpoint: Checkpoint, path: str | Path, *, on_bytes: Callable[[int], None] | None = None
    ) -> Path:
        """Stream a checkpoint to a file, which appears only when it is whole and its SHA-256 is right.

        Raises:
            DownloadError: the content is damaged.
            OSError: the file cannot be written.
        """
        return downloads.download(self._transport, checkpoint, Path(path), on_bytes=on_bytes)

    def logs(self, run_id: str) -> list[LogEntry]:
        """All log lines of a run, oldest first."""
        return list(self._all(LogEntry, at("runs", run_id, "logs")))
