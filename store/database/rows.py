"""Rows as records."""

from store.database.records import Checkpoint, Job, Run
from store.database.tables import CheckpointRow, JobRow, RunRow


def job_of(row: JobRow) -> Job:
    """The record of a job."""
    return row


def run_of(row: RunRow) -> Run:
    """The record of a run."""
    return row


def checkpoint_of(row: CheckpointRow) -> Checkpoint:
    """The record of a checkpoint."""
    return row
