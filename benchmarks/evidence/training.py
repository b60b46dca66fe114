"""Training what is missing: several runs at a time, each result written as its run ends, cut off and gone on with."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import lplcore
from benchmarks.environment import environment
from benchmarks.evidence import records
from benchmarks.evidence.cells import Cell
from benchmarks.evidence.records import Key, Record

RUNS = "runs.jsonl"
CHECKPOINTS = "checkpoints"
SECONDS = "seconds.txt"
Datasets = Mapping[str, lplcore.RegisteredDataset]


@dataclass
class Attempt:
    """A run under way."""

    cell: Cell
    folder: Path
    """Of its checkpoints."""
    together: int
    """How many runs share the process."""
    began: float = field(default_factory=time.monotonic)
    start: lplcore.RunStart | None = None
    last: lplcore.EpochEnd | None = None

    @property
    def seconds(self) -> float:
        """Of this attempt and those before it."""
        path = self.folder / SECONDS
        return (float(path.read_text()) if path.exists() else 0.0) + time.monotonic() - self.began

    def checkpoint(self) -> Path | None:
        """The newest one."""
        return max(self.folder.glob("*.safetensors"), default=None)

    def keep_only(self, path: Path) -> None:
        """Delete older checkpoints, and remember the time so far."""
        for older in self.folder.glob("*.safetensors"):
            if older != path:
                older.unlink()
        seconds = self.seconds
        self.began = time.monotonic()
        records.replace_file(self.folder / SECONDS, f"{seconds:.1f}\n")

    def record(self) -> Record:
        """The result of a run that has ended."""
        assert self.start is not None
        assert self.last is not None
        series = self.last.series
        return Record(
            *self.cell.key,
            spec=self.cell.spec,
            metrics=records.rounded_metrics(self.last.metrics),
            class_counts=self.start.class_counts,
            class_accuracy=records.rounded(series["test/accuracy"].tolist()),
            loss_variation=records.rounded(series["relative_loss_variation"].tolist()),
            seconds=round(self.seconds, 1),
            environment={**environment(), **self.start.environment, "together": self.together},
            notes=self.start.notes,
        )


@dataclass(frozen=True)
class Runner:
    """Trains cells into a folder of results."""

    folder: Path
    device: str = "auto"
    together: int = 1
    should_stop: Callable[[], bool] = lambda: False

    def missing(self, cells: Sequence[Cell]) -> list[Cell]:
        """Cells without a result, and those whose result is of another spec."""
        results = records.read(self.folder / RUNS)
        return [cell for cell in cells if cell.key not in results or results[cell.key].spec != cell.spec]

    def train(self, cells: Sequence[Cell], datasets: Datasets) -> list[str]:
        """Train what is missing, of these data sets, until it is time to stop; returns what failed, in words."""
        failed: dict[Key, str] = {}
        while not self.should_stop():
            left = [cell for cell in self.missing(cells) if cell.data in datasets and cell.key not in failed]
            if not left:
                break
            pack = [cell for cell in left if cell.data == left[0].data][: self.together]
            failed |= dict(self.trained(pack, datasets))
        return list(failed.values())

    def trained(self, pack: Sequence[Cell], datasets: Datasets) -> Iterator[tuple[Key, str]]:
        """Train some cells together; yields those that failed."""
        attempts = [Attempt(cell, self.folder / CHECKPOINTS / cell.folder, len(pack)) for cell in pack]
        print("training", *(cell.folder for cell in pack), flush=True)
        for place, event in lplcore.train_together([self.request(attempt, datasets) for attempt in attempts]):
            attempt = attempts[place]
            if isinstance(event, lplcore.RunStart):
                attempt.start = event
            elif isinstance(event, lplcore.EpochEnd):
                attempt.last = event
            elif isinstance(event, lplcore.CheckpointReady):
                attempt.keep_only(Path(event.path))
            elif isinstance(event, lplcore.RunEnd):
                yield from self.ended(attempt, event)

    def request(self, attempt: Attempt, datasets: Datasets) -> lplcore.Request:
        """Of a run that begins, or goes on from its checkpoint."""
        spec = lplcore.parse_spec(attempt.cell.spec, datasets=datasets)
        return lplcore.Request(
            spec,
            self.device,
            datasets=datasets,
            checkpoint_dir=attempt.folder,
            resume_from=attempt.checkpoint(),
            should_stop=self.should_stop,
        )

    def ended(self, attempt: Attempt, end: lplcore.RunEnd) -> Iterator[tuple[Key, str]]:
        """Write the result of a run that succeeded; one that was stopped keeps its checkpoint."""
        if end.outcome == "succeeded" and attempt.last is None:  # it was cut off between its last checkpoint and here
            end = lplcore.RunEnd("failed", "bad_checkpoint", "the run had ended")
        if end.outcome == "succeeded":
            record = attempt.record()
            records.add(self.folder / RUNS, [record])
            print(attempt.cell.folder, f"{100 * (record.metrics[records.ERROR] or 0):.2f} %", flush=True)
        if end.outcome == "succeeded" or end.reason == "bad_checkpoint":
            shutil.rmtree(attempt.folder, ignore_errors=True)
        if end.outcome == "failed" and end.reason != "bad_checkpoint":
            print(attempt.cell.folder, end.message, flush=True)
            yield attempt.cell.key, f"{attempt.cell.folder}: {end.message}"
