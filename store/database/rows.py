"""Rows as records."""

from store.characters import text_to_path
from store.database.records import Checkpoint, DatasetRecord, Job, Run
from store.database.tables import CheckpointRow, DatasetRow, JobRow, RunRow


def job_of(row: JobRow) -> Job:
    """The record of a job."""
    return row


def run_of(row: RunRow) -> Run:
    """The record of a run."""
    return row


def checkpoint_of(row: CheckpointRow) -> Checkpoint:
    """The record of a checkpoint."""
    return row


def dataset_of(row: DatasetRow) -> DatasetRecord:
    """The record of a data set, whose path a column may keep as an address."""
    return DatasetRecord(
        row.id, row.name, row.format, text_to_path(row.path), row.task, row.sha256, row.info, row.created_at
    )
