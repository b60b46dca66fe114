"""The list of jobs in every order, within bounds, archived or not; what users change of a job."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

from store import cursors, events, job_edits, jobs
from store.database.engine import Database
from store.database.records import Job
from store.errors import BadCursor, NotFound
from store.job_order import Order, bound_of, order_of
from store.lifecycle import claims, requests
from store.lifecycle.sparkline import POINTS, spaced
from tests.store.databases import columns_of, reading, writing
from tests.store.test_life_cycle import claim, epoch, submit

ERROR = "metric:test/top1_error"
ORDERS = ["created_at", "name", "progress", ERROR]


def trained(db: Database, *errors: float, **changes: Any) -> str:
    """A job whose runs have ended with these errors."""
    job = submit(db, len(errors), **changes)
    for error in errors:
        held = claim(db)
        epoch(db, held, 1, error)
        writing(db, claims.finish, held, outcome="succeeded")
    return job.id


def everything(db: Database, order: Order, **filters: Any) -> list[Job]:
    """All pages of two."""
    found: list[Job] = []
    cursor: str | None = None
    while True:
        page = reading(db, jobs.list_jobs, order=order, limit=2, cursor=cursor, **filters)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


def some_jobs(db: Database) -> list[str]:
    """Jobs of which two have the same name, two the same error, and two none."""
    ids = [
        trained(db, 0.5, name="b"),
        trained(db, 0.25, 0.75, name="a"),
        trained(db, 0.125, name="ä"),
        trained(db, 0.75, name="a"),
    ]
    return [*ids, submit(db, name="c").id, submit(db, name="C").id]


def test_every_order_lists_each_job_once_and_backwards_the_other_way_round(db: Database) -> None:
    ids = some_jobs(db)
    for key in ORDERS:
        found = everything(db, order_of(key))
        assert [job.id for job in everything(db, order_of(f"-{key}"))] == [job.id for job in found][::-1]
        assert {job.id for job in found} == set(ids[:4] if key == ERROR else ids)
        values = [(order_of(key).value_of(job), job.id) for job in found]
        if key == "name":  # databases put ä where they like
            values = [value for value in values if value[0] != "ä"]
        assert values == sorted(values)


def test_bounds_keep_the_jobs_whose_mean_lies_within(db: Database) -> None:
    half, mean_of_two, eighth, most, *_ = some_jobs(db)
    for texts, expected in (
        (["test/top1_error<=0.5"], {half, mean_of_two, eighth}),
        (["test/top1_error < 5e-1"], {eighth}),
        (["test/top1_error>0.2", "test/top1_error<0.6"], {half, mean_of_two}),
        (["test/top1_error>=.75"], {most}),
        (["test/top1_error.few>=0"], set()),
    ):
        bounds = [bound_of(each) for each in texts]
        for key in ("-created_at", "name", ERROR):
            assert {job.id for job in everything(db, order_of(key), bounds=bounds)} == expected


def test_filters_go_with_every_order(db: Database) -> None:
    some_jobs(db)
    for key in ORDERS:
        found = everything(db, order_of(key), method="lpl", dataset="digits", tag="two", state="succeeded", name="a")
        assert [job.name for job in found if job.name != "ä"] == ["a", "a"]


def test_a_retry_that_succeeds_counts_in_the_order(db: Database) -> None:
    job = submit(db)
    held = claim(db)
    writing(db, claims.finish, held, outcome="failed", reason="diverged")
    assert everything(db, order_of(ERROR)) == []
    writing(db, requests.request_job, job.id, "retry")
    again = claim(db)
    epoch(db, again, 1, 0.5)
    writing(db, claims.finish, again, outcome="succeeded")
    assert [each.id for each in everything(db, order_of(ERROR))] == [job.id]


def test_a_cursor_of_another_order_is_refused(db: Database) -> None:
    for cursor in (
        "-",
        "bm90IGpzb24",
        cursors.encode("j_1"),
        cursors.encode_place("-name", "a", "j_1"),
        cursors.encode_place("name", 1.0, "j_1"),
        cursors.encode_place("name", "a", "j_1") + "=",
        cursors.encode("[" * 3000),
    ):
        with pytest.raises(BadCursor):
            reading(db, jobs.list_jobs, order=order_of("name"), cursor=cursor)


def test_a_cursor_of_an_order_is_none_of_the_newest_first(db: Database) -> None:
    some_jobs(db)
    for key in ["created_at", *(f"-{each}" for each in ORDERS[1:])]:
        cursor = reading(db, jobs.list_jobs, order=order_of(key), limit=1).next
        with pytest.raises(BadCursor):
            reading(db, jobs.list_jobs, cursor=cursor)


@pytest.mark.parametrize(
    "wrong", ["", "-", "state", "name:x", "metric", "metric:test/loss", "metric:", "--name", "Name"]
)
def test_what_names_no_order_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"jobs are sorted by|no metric of the list"):
        order_of(wrong)


@pytest.mark.parametrize("wrong", ["", "test/top1_error", "<0.2", "test/top1_error<", "test/loss<1", "a<b", "x=1"])
def test_what_names_no_bound_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"a bound is|no metric of the list"):
        bound_of(wrong)


def test_an_edit_changes_what_it_names_and_followers_hear_of_it(db: Database) -> None:
    job = submit(db)
    before = reading(db, jobs.get, job.id)
    last = reading(db, events.bounds)[1]
    writing(
        db, job_edits.edit, job.id, {"name": "Ärger", "tags": ["two", "three", "two"], "notes": "why", "archived": True}
    )
    after = reading(db, jobs.get, job.id)
    changed = {"name", "name_key", "tags", "notes", "archived", "version"}
    assert {name for name, value in columns_of(after).items() if value != columns_of(before)[name]} == changed
    assert after.version == before.version + 1
    assert [job.id for job in everything(db, order_of("name"), archived=True, name="ärger", tag="three")] == [job.id]
    assert everything(db, order_of("name"), archived=True, tag="one") == []
    assert everything(db, order_of("-created_at")) == []
    (told,) = reading(db, events.after, last, job=job.id)
    assert (told.kind, told.data) == ("state", {"job": job.id, "state": "queued"})
    writing(db, job_edits.edit, job.id, {"name": "Ärger", "archived": True})
    assert reading(db, jobs.get, job.id).version == after.version
    writing(db, job_edits.edit, job.id, {"archived": False})
    assert [each.id for each in everything(db, order_of("-created_at"))] == [job.id]
    with pytest.raises(NotFound):
        writing(db, job_edits.edit, "j_none", {"name": "x"})


def test_lists_draw_the_curve_of_the_run_that_succeeded_first(db: Database) -> None:
    job = submit(db, 2)
    for errors in ([0.5, 0.25, 0.12345], [1.0]):
        held = claim(db)
        for number, error in enumerate(errors, start=1):
            epoch(db, held, number, error)
        assert reading(db, jobs.get, job.id).sparkline in (None, [0.5, 0.25, 0.1235], [0.5, 0.25, 0.1234])
        writing(db, claims.finish, held, outcome="succeeded")
    assert reading(db, jobs.get, job.id).sparkline == pytest.approx([0.5, 0.25, 0.12345], abs=1e-4)


@pytest.mark.parametrize("epochs", [1, 2, POINTS - 1, POINTS, POINTS + 1, 200])
def test_a_sparkline_has_the_first_and_the_last_epoch(epochs: int) -> None:
    points = spaced(epochs)
    assert (points[0], points[-1], len(points)) == (1, epochs, min(epochs, POINTS))
    assert points == sorted(set(points))


def test_jobs_of_the_version_before_are_sorted_as_new_ones_are(db: Database) -> None:
    some_jobs(db)
    listed = {key: [job.id for job in everything(db, order_of(key))] for key in ORDERS}
    db.downgrade("0007")
    db.migrate()
    assert {key: [job.id for job in everything(db, order_of(key))] for key in ORDERS} == listed
    assert {job.notes for job in everything(db, order_of("name"))} == {""}


@contextmanager
def statements(db: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements sent meanwhile."""
    sent: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        sent.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


INDEXES = {
    "-created_at": "ix_jobs_archived_id",
    "created_at": "ix_jobs_archived_id",
    "-name": "ix_jobs_archived_name",
    "progress": "ix_jobs_archived_progress",
    f"-{ERROR}": "ix_job_metrics_name_value_job_id",
}


def test_a_sorted_list_reads_one_index_in_its_order(db: Database) -> None:
    some_jobs(db)
    bounds = [bound_of("test/top1_error<0.9")]
    filters: list[dict[str, Any]] = [{}, {"archived": True}, *([{"bounds": bounds}] if db.is_sqlite else [])]
    for (key, index), chosen in itertools.product(INDEXES.items(), filters):
        plan = plan_of(db, order_of(key), chosen)
        assert index in plan, (key, chosen, plan)
        for whole in ("TEMP B-TREE", "SCAN jobs", "Seq Scan", "Sort"):
            assert whole not in plan, (key, chosen, plan)


def plan_of(db: Database, order: Order, filters: dict[str, Any]) -> str:
    """How a database comes by a later page, where it does not find these tables too small for an index."""
    cursor = reading(db, jobs.list_jobs, order=order, limit=2).next
    with statements(db) as sent:
        reading(db, jobs.list_jobs, order=order, limit=2, cursor=cursor, **filters)
    (statement, parameters) = next(each for each in sent if "LIMIT" in each[0])
    with db.engine.connect() as connection:
        if not db.is_sqlite:
            for kind in ("seqscan", "sort", "bitmapscan", "hashjoin", "mergejoin"):
                connection.execute(text(f"SET LOCAL enable_{kind} = off"))
        explain = "EXPLAIN QUERY PLAN" if db.is_sqlite else "EXPLAIN"
        return "\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {statement}", parameters))
