"""Going back to a checkpoint: what was recorded beyond it is taken back."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from store import events
from store.database.records import Checkpoint
from store.database.tables import CheckpointRow, EpochRow, RunRow, SeriesRow


def rewind(session: Session, row: RunRow) -> Checkpoint | None:
    """Take back what lies beyond the newest usable checkpoint, and return that."""
    newest = session.scalars(
        select(CheckpointRow)
        .where(CheckpointRow.run_id == row.id, CheckpointRow.published, CheckpointRow.superseded.is_(False))
        .order_by(CheckpointRow.epoch.desc(), CheckpointRow.step.desc(), CheckpointRow.id.desc())
        .limit(1)
    ).first()
    epoch = newest.epoch if newest else 0
    discard_uploads(session, [row.id])
    session.execute(delete(SeriesRow).where(SeriesRow.run_id == row.id, SeriesRow.epoch > epoch))
    session.execute(delete(EpochRow).where(EpochRow.run_id == row.id, EpochRow.epoch > epoch))
    kept = session.get(EpochRow, (row.id, epoch)) if epoch else None
    values = {"epoch": epoch, "last_metrics": kept.metrics if kept else None}
    session.execute(update(RunRow).where(RunRow.id == row.id).values(**values))
    if row.attempt:
        events.record(session, "rewind", {"run": row.id, "epoch": epoch}, job_id=row.job_id, run_id=row.id)
    return newest


def discard_uploads(session: Session, run_ids: Sequence[str]) -> None:
    """Let checkpoints whose upload will not be completed be swept."""
    begun = CheckpointRow.run_id.in_(run_ids) & CheckpointRow.published.is_(False)
    session.execute(update(CheckpointRow).where(begun).values(superseded=True))
