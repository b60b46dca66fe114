"""A job keeps the hash of its data: its runs train on that content or not at all.

Runs of version 0.1.0 whose data set was registered anew since have no hash, and go on as they did.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.database.records import DatasetRecord
from store.database.tables import DatasetRow
from store.errors import Conflict


def change_of(run: Any, dataset: DatasetRow | DatasetRecord | None) -> str | None:
    """How the data of a run differ from those it was submitted with, None where they do not.

    Args:
        run: what has the run's `dataset` and `data_sha256`.
        dataset: what is registered under the name now.
    """
    wanted = run.data_sha256
    if wanted is None:
        return None
    if dataset is None:
        return f"data set {run.dataset!r} is no longer registered; register its content (sha256 {wanted}) again"
    if dataset.sha256 == wanted:
        return None
    return (
        f"data set {run.dataset!r} has other content now (sha256 {dataset.sha256}) than this job was submitted with "
        f"(sha256 {wanted}); register that content again under this name, or submit a new job"
    )


def refuse_changed(session: Session, rows: Sequence[Any]) -> None:
    """See that runs would train on the data that they were submitted with.

    Raises:
        Conflict: they would not.
    """
    names = {row.dataset for row in rows if row.data_sha256 is not None}
    if not names:
        return
    registered = {each.name: each for each in session.scalars(select(DatasetRow).where(DatasetRow.name.in_(names)))}
    for row in rows:
        change = change_of(row, registered.get(row.dataset))
        if change is not None:
            raise Conflict(f"it cannot run again: {change}")
