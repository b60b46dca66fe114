"""Registered data sets."""

from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from store import cursors
from store.characters import path_to_text
from store.database.clock import database_time
from store.database.records import DatasetRecord, Page
from store.database.rows import dataset_of
from store.database.tables import DatasetRow, JobFacetRow, JobRow, RunRow
from store.errors import Conflict, NotFound
from store.identifiers import new_id
from store.lifecycle.states import OPEN


def add(
    session: Session, *, name: str, format: str, path: str, task: str, sha256: str | None, info: dict[str, Any]
) -> DatasetRecord:
    """Register a data set.

    Raises:
        Conflict: the name is taken.
    """
    row = DatasetRow(
        name=name,
        id=new_id("d"),
        format=format,
        path=path_to_text(path),
        task=task,
        sha256=sha256,
        info=info,
        created_at=database_time(session),
    )
    try:
        session.add(row)
        session.flush()
    except IntegrityError as error:
        raise Conflict(f"a data set named {name!r} exists; choose another name or delete that one first") from error
    session.refresh(row)
    return dataset_of(row)


def get(session: Session, name: str) -> DatasetRecord:
    """The data set of that name.

    Raises:
        NotFound: no such data set.
    """
    row = session.get(DatasetRow, name)
    if row is None:
        raise NotFound(f"there is no data set {name!r}")
    return dataset_of(row)


def names(session: Session) -> list[str]:
    """Names of all data sets, in alphabetical order."""
    return list(session.scalars(select(DatasetRow.name).order_by(DatasetRow.name)))


def has_upload(session: Session, upload: str) -> bool:
    """Whether a data set is made of the files of an upload."""
    query = select(DatasetRow.name).where(DatasetRow.info["upload"]["id"].as_string() == upload)
    return session.scalars(query.limit(1)).first() is not None


def list_datasets(session: Session, *, limit: int = 100, cursor: str | None = None) -> Page[DatasetRecord]:
    """Registered data sets, oldest first."""
    rows = cursors.rows_after(session, select(DatasetRow), DatasetRow.id, limit=limit, cursor=cursor)
    return cursors.page([dataset_of(row) for row in rows], limit)


def delete_dataset(session: Session, name: str) -> None:
    """Forget a data set (its file stays).

    Raises:
        NotFound: no such data set.
        Conflict: a run that has not ended, or a search that may ask for more, uses it.
    """
    if session.get(DatasetRow, name) is None:
        raise NotFound(f"there is no data set {name!r}")
    user = session.scalars(select(RunRow.job_id).where(RunRow.dataset == name, RunRow.state.in_(OPEN)).limit(1)).first()
    user = user or session.scalars(searches_on(name)).first()
    if user is not None:
        raise Conflict(f"job {user} still uses data set {name!r}; cancel it first")
    session.execute(delete(DatasetRow).where(DatasetRow.name == name))


def searches_on(name: str) -> Select[str]:
    """A search on a data set that may ask for more runs."""
    facet = (JobFacetRow.kind == "dataset") & (JobFacetRow.value == name)
    query = select(JobRow.id).join(JobFacetRow, JobFacetRow.job_id == JobRow.id)
    return query.where(JobRow.search_open, facet).limit(1)
