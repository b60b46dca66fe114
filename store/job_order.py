"""In which order jobs are listed, and which bounds their metrics keep: as users write it, and in SQL."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, case, exists, literal, tuple_
from sqlalchemy.orm import aliased

from store import cursors
from store.database.records import Job
from store.database.tables import JobMetricRow, JobRow
from store.lifecycle.results import MAIN_METRICS

COLUMNS: Mapping[str, Any] = {"created_at": JobRow.id, "name": JobRow.name_key, "progress": JobRow.progress}
"""What jobs are sorted by besides metrics -> its column. Identifiers rise with the time of creation."""
METRIC = "metric"
OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
BOUND = re.compile(
    r"(?P<metric>[^<>=]+)(?P<operator>[<>]=?)(?P<value>[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)", re.ASCII | re.I
)


@dataclass(frozen=True)
class Order:
    """By what jobs are listed; `metric` is named where `key` is `metric`."""

    key: str
    metric: str
    descending: bool

    @property
    def text(self) -> str:
        """The order as users write it."""
        return f"{'-' * self.descending}{self.key}{f':{self.metric}' if self.metric else ''}"

    def cursor(self, job: Job) -> str:
        """The cursor after a job."""
        if self == NEWEST_FIRST:
            return cursors.encode(job.id)
        return cursors.encode_place(self.text, self.value_of(job), job.id)

    def value_of(self, job: Job) -> str | float:
        """What the job is sorted by."""
        if self.metric:
            return float(job.results[self.metric]["mean"])
        return cast(str | float, getattr(job, COLUMNS[self.key].key))


NEWEST_FIRST = Order("created_at", "", descending=True)


@dataclass(frozen=True)
class Bound:
    """A limit of a metric's mean."""

    metric: str
    operator: str
    value: float


def order_of(text: str) -> Order:
    """The order that a text names.

    Raises:
        ValueError: it names none.
    """
    key, _, metric = text.removeprefix("-").partition(":")
    if key == METRIC:
        return Order(METRIC, main_metric(metric), text.startswith("-"))
    if key not in COLUMNS or metric:
        raise ValueError(f"jobs are sorted by {', '.join(COLUMNS)} or metric:NAME; - before it is for descending")
    return Order(key, "", text.startswith("-"))


def bound_of(text: str) -> Bound:
    """The bound that a text names.

    Raises:
        ValueError: it names none.
    """
    parts = BOUND.fullmatch(text.replace(" ", ""))
    if parts is None:
        raise ValueError("a bound is a metric, one of < <= > >= and a number, for instance test/top1_error<0.2")
    return Bound(main_metric(parts["metric"]), parts["operator"], float(parts["value"]))


def main_metric(name: str) -> str:
    """The name of a metric that is kept for sorting.

    Raises:
        ValueError: it is none.
    """
    if name not in MAIN_METRICS:
        raise ValueError(f"{name!r} is no metric of the list of jobs; it has {', '.join(sorted(MAIN_METRICS))}")
    return name


def ordered(query: Select[JobRow], order: Order, place: ColumnElement[str], cursor: str | None) -> Select[JobRow]:
    """The query for jobs in this order, after the job that a cursor stands for.

    Args:
        place: the column of the job's id that the query reads an index by.

    Raises:
        BadCursor: no list in this order gave the cursor out.
    """
    if order.key == "created_at":
        value: Any = place
    elif order.metric:
        query = query.join(JobMetricRow, (JobMetricRow.job_id == JobRow.id) & (JobMetricRow.name == order.metric))
        value, place = JobMetricRow.value, cast(ColumnElement[str], JobMetricRow.job_id)
    else:
        value, place = COLUMNS[order.key], cast(ColumnElement[str], JobRow.id)
    columns = [place] if value is place else [value, place]
    if cursor is not None:
        query = query.where(beyond(columns, after(order, cursor), order))
    return query.order_by(*(column.desc() if order.descending else column for column in columns))


def after(order: Order, cursor: str) -> tuple[str | float, str]:
    """(value, id) of the job that a cursor stands for.

    Raises:
        BadCursor: no list in this order gave it out.
    """
    if order == NEWEST_FIRST:
        job_id = cursors.decode(cursor)
        return job_id, job_id
    return cursors.decode_place(cursor, order.text, str if order.key in ("created_at", "name") else float)


def beyond(columns: list[Any], place: tuple[str | float, str], order: Order) -> ColumnElement[bool]:
    """That a job comes after a place."""
    compare = operator.lt if order.descending else operator.gt
    if len(columns) == 1:
        return cast(ColumnElement[bool], compare(columns[0], place[1]))
    return cast(ColumnElement[bool], compare(tuple_(*columns), tuple_(*(literal(part) for part in place))))


def within(bound: Bound, order: Order) -> ColumnElement[bool]:
    """That a job's metric keeps a bound; where jobs are listed by it, it is a part of their index."""
    if bound.metric == order.metric:
        return cast(ColumnElement[bool], OPERATORS[bound.operator](JobMetricRow.value, bound.value))
    metric = aliased(JobMetricRow)
    value = OPERATORS[bound.operator](metric.value, bound.value)
    return exists().where(metric.job_id == JobRow.id, metric.name == bound.metric, value)


def listed(archived: bool, *, indexed: bool) -> ColumnElement[bool]:
    """That a job is archived or not.

    Args:
        indexed: whether an index of jobs is read; by the bare column SQLite would leave that of another table for it.
    """
    if indexed:
        return JobRow.archived == archived
    return case((JobRow.archived, 1), else_=0) == int(archived)
