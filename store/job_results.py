"""What many runs of a job have measured, in a number of statements that does not grow with the runs."""

from collections.abc import Callable, Sequence
from contextlib import closing
from math import prod
from typing import Any

from sqlalchemy import ColumnElement, Result, select
from sqlalchemy.orm import Session

from store import cursors
from store.database.records import Page, Run, Series
from store.database.tables import EpochRow, SeriesRow
from store.jobs import list_runs
from store.metrics import CALIBRATION, NOT_BY_CLASS, Curves, add_scalars

MOST_VALUES = 1_000_000
"""Numbers after which a page ends with the run that they belong to."""
ByEpoch = dict[str, dict[int, Series]]


def metrics(
    session: Session,
    job_id: str,
    *,
    names: Sequence[str] | None = None,
    after_epoch: int = 0,
    limit: int = 1000,
    cursor: str | None = None,
) -> Page[tuple[Run, Curves]]:
    """`{name: {"epoch": [...], "value": [...]}}` of every run, in the order of the runs.

    Raises:
        NotFound: no such job.
        BadCursor: no list gave the cursor out.
    """

    def read(session: Session, run_ids: Sequence[str]) -> Result[Any]:
        wanted = EpochRow.run_id.in_(run_ids) & (EpochRow.epoch > after_epoch)
        query = select(EpochRow.run_id, EpochRow.epoch, EpochRow.metrics).where(wanted)
        return session.execute(query.order_by(EpochRow.run_id, EpochRow.epoch).execution_options(yield_per=500))

    def add(curves: Curves, row: Any) -> int:
        return add_scalars(curves, row.epoch, row.metrics, names)

    return gathered(session, list_runs(session, job_id, limit=limit, cursor=cursor), read, add)


def series(
    session: Session,
    job_id: str,
    names: Sequence[str],
    *,
    epoch: int | None = None,
    after_epoch: int = 0,
    limit: int = 1000,
    cursor: str | None = None,
) -> Page[tuple[Run, ByEpoch]]:
    """`{name: {epoch: array}}` of every run, of one epoch or of all after one, in the order of the runs.

    Raises:
        NotFound: no such job.
        BadCursor: no list gave the cursor out.
    """
    named = SeriesRow.name.in_([name for name in names if name not in NOT_BY_CLASS])
    at = SeriesRow.epoch > after_epoch if epoch is None else SeriesRow.epoch == epoch
    return arrays_where(session, named & at, list_runs(session, job_id, limit=limit, cursor=cursor))


def calibrations(
    session: Session, job_id: str, *, limit: int = 1000, cursor: str | None = None
) -> Page[tuple[Run, ByEpoch]]:
    """Every run's calibration, as `series` gives others; nothing for runs that have none.

    Raises:
        NotFound: no such job.
        BadCursor: no list gave the cursor out.
    """
    found = list_runs(session, job_id, limit=limit, cursor=cursor)
    return arrays_where(session, SeriesRow.name == CALIBRATION, found)


def arrays_where(session: Session, wanted: ColumnElement[bool], page: Page[Run]) -> Page[tuple[Run, ByEpoch]]:
    """`{name: {epoch: array}}` of a page of runs, of the rows that are wanted."""

    def read(session: Session, run_ids: Sequence[str]) -> Result[Any]:
        columns = (SeriesRow.run_id, SeriesRow.name, SeriesRow.epoch, SeriesRow.shape, SeriesRow.data)
        query = (
            select(*columns)
            .where(SeriesRow.run_id.in_(run_ids), wanted)
            .order_by(SeriesRow.run_id, SeriesRow.name, SeriesRow.epoch)
        )
        return session.execute(query.execution_options(yield_per=100))

    def add(arrays: ByEpoch, row: Any) -> int:
        arrays.setdefault(row.name, {})[row.epoch] = Series(tuple(row.shape), row.data)
        return prod(row.shape)

    return gathered(session, page, read, add)


def gathered(
    session: Session,
    page: Page[Run],
    read: Callable[[Session, Sequence[str]], Result[Any]],
    add: Callable[[dict[str, Any], Any], int],
) -> Page[tuple[Run, dict[str, Any]]]:
    """A page of runs with what their rows add up to; it ends early where that is very much.

    Args:
        read: rows of runs, ordered by run.
        add: takes a row into a run's part, and says how many numbers it has.
    """
    parts: dict[str, dict[str, Any]] = {}
    values = 0
    last: str | None = None
    with closing(read(session, [run.id for run in page.items])) as rows:
        for row in rows:
            if row.run_id != last and values > MOST_VALUES:
                break
            last = row.run_id
            values += add(parts.setdefault(row.run_id, {}), row)
        else:
            last = None
    if last is None:
        return Page([(run, parts.get(run.id, {})) for run in page.items], page.next)
    count = [run.id for run in page.items].index(last) + 1
    return Page([(run, parts.get(run.id, {})) for run in page.items[:count]], cursors.encode(last))
