"""Results: a line of JSON per run, in files that are replaced whole."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.environment import RESULTS

FOLDER = RESULTS / "evidence"
ERROR = "test/top1_error"


class Key(NamedTuple):
    """Which run a result is of."""

    data: str
    epochs: int
    method: str
    """Label of the method with its options."""
    seed: int


@dataclass(frozen=True)
class Record:
    """What is kept of a run that has ended."""

    data: str
    epochs: int
    method: str
    seed: int
    spec: dict[str, Any]
    """As it was asked for."""
    metrics: dict[str, float | None]
    """Of the last epoch; errors are fractions."""
    class_counts: list[int]
    class_accuracy: list[float | None]
    """On the test split, by class."""
    loss_variation: list[float | None]
    """Relative, by class; None where it is undefined."""
    seconds: float
    """From the first step to the last event, over all attempts."""
    environment: dict[str, Any] = field(default_factory=dict)
    """Versions and machine."""
    notes: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """Which run it is of."""
        return Key(self.data, self.epochs, self.method, self.seed)

    def line(self) -> str:
        """As it is written."""
        return json.dumps(asdict(self))


def read(path: Path) -> dict[Key, Record]:
    """The results of a file; none where it is absent."""
    lines = path.read_text().splitlines() if path.exists() else []
    records = [Record(**json.loads(line)) for line in lines if line]
    return {record.key: record for record in records}


def read_all(folder: Path) -> dict[Key, Record]:
    """The results of all files of a folder."""
    return {key: record for path in sorted(folder.glob("*.jsonl")) for key, record in read(path).items()}


def add(path: Path, new: Iterable[Record]) -> None:
    """Write results into a file; one of the same run takes the old one's place."""
    records = read(path) | {record.key: record for record in new}
    replace_file(path, "".join(f"{records[key].line()}\n" for key in sorted(records)))


def replace_file(path: Path, text: str) -> None:
    """Write a text file so that it is never half-written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    with beside.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def rounded(values: Iterable[float | None], digits: int = 5) -> list[float | None]:
    """Numbers of so many decimals; None for what is undefined."""
    return [None if value is None or value != value else round(float(value), digits) for value in values]


def rounded_metrics(metrics: Mapping[str, float | None]) -> dict[str, float | None]:
    """Metrics of six decimals."""
    return dict(zip(metrics, rounded(metrics.values(), 6), strict=True))
