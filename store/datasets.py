"""Registered data sets."""

from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from store import cursors as pages
from store.characters import path_to_text
from store.database.clock import database_time
from store.database.engine import Database
from store.database.records import DatasetRecord, Page
from store.database.rows import dataset_of
from store.database.tables import DatasetRow, RunRow
from store.errors import Conflict, NotFound
from store.identifiers import new_id
from store.lifecycle.states import OPEN


def add(
    db: Database, *, name: str, format: str, path: str, task: str, sha256: str | None, info: dict[str, Any]
) -> DatasetRecord:
    """Register a data set.

    Raises:
        Conflict: the name is taken.
    """

    def work(session: Session) -> None:
        values = {
            "name": name,
            "format": format,
            "task": task,
            "sha256": sha256,
            "info": info,
        }
        session.execute(
            insert(DatasetRow),
            [{**values, "path": path_to_text(path), "id": new_id("d"), "created_at": database_time(session)}],
        )

    try:
        db.write(work)
    except IntegrityError as error:
        raise Conflict(f"a data set named {name!r} exists; choose another name or delete that one first") from error
    return get(db, name)


def get(db: Database, name: str) -> DatasetRecord:
    """The data set of that name.

    Raises:
        NotFound: no such data set.
    """
    with db.read() as session:
        row = session.get(DatasetRow, name)
        if row is None:
            raise NotFound(f"there is no data set {name!r}")
        return dataset_of(row)


def list_datasets(db: Database, *, limit: int = 100, cursor: str | None = None) -> Page[DatasetRecord]:
    """Registered data sets, oldest first."""
    query = select(DatasetRow).order_by(DatasetRow.id).limit(limit + 1)
    if cursor is not None:
        query = query.where(DatasetRow.id > pages.decode(cursor))
    with db.read() as session:
        return pages.page(session.scalars(query).all(), limit, dataset_of)


def delete_dataset(db: Database, name: str) -> None:
    """Forget a data set (its file stays).

    Raises:
        NotFound: no such data set.
        Conflict: a run that has not ended uses it.
    """

    def work(session: Session) -> None:
        if session.get(DatasetRow, name) is None:
            raise NotFound(f"there is no data set {name!r}")
        user = session.scalars(
            select(RunRow.job_id).where(RunRow.dataset == name, RunRow.state.in_(OPEN)).limit(1)
        ).first()
        if user is not None:
            raise Conflict(f"job {user} still uses data set {name!r}; cancel it first")
        session.execute(delete(DatasetRow).where(DatasetRow.name == name))

    db.write(work)
