"""A run's trained network to take away: what its export is made of, and the process that makes it."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO, Literal

from api.problems import Problem
from api.services.child import SCRATCH, Children, Limits, folder_in
from api.services.model_card import Results, card_of
from api.services.submission import dataset_named, entry_of
from lplcore.child_process import Refusal
from lplcore.errors import CheckpointError
from lplcore.training.checkpoint import load_metadata
from store import checkpoints, data_identity, metrics
from store.database.engine import Database, Session
from store.database.records import Checkpoint, DatasetRecord, Run
from store.errors import Conflict
from store.lifecycle import runs
from store.settings import Settings

Format = Literal["safetensors", "torch_export", "onnx"]
MODULE = "lplcore.export"
TEMPERATURE = "validation/temperature"
BLOCK = 1 << 20
EXPORTS = Children()


@dataclass(frozen=True)
class Source:
    """What an export is made of, read in one go."""

    run: Run
    checkpoint: Checkpoint
    dataset: DatasetRecord | None
    results: Results

    @property
    def temperature(self) -> float | None:
        """Fitted on the last epoch's validation examples; None for a checkpoint of an earlier epoch."""
        return self.results.scalars.get(TEMPERATURE)


def read(session: Session, run_id: str, wanted: str | None) -> Source:
    """What the export of a run's checkpoint is made of.

    Raises:
        NotFound: no such run.
        Problem: 422, no such checkpoint.
        Conflict: the run has no checkpoint, or its data are no longer there as it was submitted with them.
    """
    run = runs.get(session, run_id)
    checkpoint = checkpoints.choose(session, run_id, wanted)
    dataset = dataset_named(session, run.dataset)
    change = data_identity.change_of(run, dataset)
    if change is not None:
        raise Conflict(f"the run cannot be exported, since its inputs are normalised by its data: {change}")
    epoch = checkpoint.epoch
    curves = metrics.metrics(session, run_id, after_epoch=epoch - 1) if epoch else {}
    names = metrics.series_names(session, run_id)
    arrays = metrics.named_series(session, run_id, names, epoch=epoch) if checkpoint.step == 0 else {}
    return Source(run, checkpoint, dataset, Results.at(epoch, curves, arrays))


def exported(db: Database, settings: Settings, source: Source, format: Format) -> IO[bytes]:
    """The zip, open; on disk it has no name any more.

    Raises:
        Problem: 422, the network cannot be exported, with the reason; 503, others are.
        CorruptCheckpoint: the checkpoint is damaged.
    """
    limits = Limits(settings.export_seconds, settings.export_memory_bytes, settings="LPL_EXPORT")
    request = {
        "format": format,
        "data_dir": str(settings.data_dir),
        "weights_dir": settings.weights_dir and str(settings.weights_dir),
        "datasets": [] if source.dataset is None else [asdict(entry_of(source.dataset))],
        "temperature": source.temperature,
        "card": card_of(source.run, source.checkpoint, source.dataset, source.results),
    }
    with folder_in(settings.data_dir / SCRATCH, "export-") as folder:
        fetch = partial(fetched, db, source.checkpoint.id, folder / "checkpoint")
        try:
            answer = EXPORTS.run(MODULE, request, folder=folder, limits=limits, prepare=fetch)
        except Refusal as refused:
            raise Problem(422, f"this run cannot be exported as {format}: {refused}") from refused
        return (folder / str(json.loads(answer)["file"])).open("rb")


def fetched(db: Database, checkpoint_id: str, path: Path) -> None:
    """Write a checkpoint to a file; one that is damaged is refused before a process is started for it.

    Raises:
        Problem: 422, with the reason.
    """
    checkpoints.download(db, checkpoint_id, path)
    try:
        load_metadata(path)
    except CheckpointError as error:
        raise Problem(422, f"this run cannot be exported: {error}") from error


def blocks(file: IO[bytes]) -> Iterator[bytes]:
    """The content of a file, which is closed at its end."""
    with file:
        while block := file.read(BLOCK):
            yield block
