"""Rows as records."""

from store.characters import text_to_path
from store.database.records import Checkpoint, DatasetRecord, Job, Run
from store.database.tables import CheckpointRow, DatasetRow, JobRow, RunRow
from store.lifecycle import results


def job_of(row: JobRow) -> Job:
    """The record of a job."""
    return Job(
        id=row.id,
        name=row.name,
        tags=tuple(row.tags),
        state=row.state,
        requested=row.requested,
        progress=row.progress,
        priority=row.priority,
        method=row.method,
        methods=tuple(row.methods),
        dataset=row.dataset,
        datasets=tuple(row.datasets),
        models=tuple(row.models),
        imbalance_factors=tuple(row.imbalance_factors),
        spec=row.spec,
        runs_total=row.runs_total,
        run_states=dict(row.run_states),
        results=results.results_of(row.results),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        version=row.version,
    )


def run_of(row: RunRow) -> Run:
    """The record of a run."""
    return Run(
        id=row.id,
        job_id=row.job_id,
        seed=row.seed,
        point=row.point,
        state=row.state,
        reason=row.reason,
        message=row.message,
        requested=row.requested,
        attempt=row.attempt,
        retry_of=row.retry_of,
        progress=row.progress,
        epoch=row.epoch,
        epochs=row.epochs,
        device=row.device,
        worker=row.worker,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        info=row.info,
        version=row.version,
    )


def checkpoint_of(row: CheckpointRow) -> Checkpoint:
    """The record of a checkpoint."""
    return Checkpoint(
        id=row.id,
        run_id=row.run_id,
        epoch=row.epoch,
        step=row.step,
        kind=row.kind,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        created_at=row.created_at,
    )


def dataset_of(row: DatasetRow) -> DatasetRecord:
    """The record of a data set."""
    return DatasetRecord(
        row.id, row.name, row.format, text_to_path(row.path), row.task, row.sha256, row.info, row.created_at
    )
