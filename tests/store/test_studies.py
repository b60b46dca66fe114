"""Studies in the store: what is derived of their jobs, what may be asked, deleted and found, on both databases."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select

from store import deletion, jobs, studies, webhooks
from store.database.engine import Database, Session
from store.database.records import Claim, Job, NewRun, NewStudy, Study
from store.database.tables import DeliveryRow, JobRow, RunRow
from store.errors import Conflict, NotFound, QuotaExceeded
from store.lifecycle import claims, requests
from tests.store.databases import reading, writing
from tests.store.test_life_cycle import SPEC, claim, epoch

WHOLE: dict[str, Any] = {**SPEC, "priority": 5}


def made(*runs: int, answers: bool = False, name: str = "A table") -> NewStudy:
    """A study whose jobs have so many runs."""
    members = [
        jobs.new_job(
            spec=WHOLE,
            runs=[NewRun(seed, {}, {**WHOLE, "seeds": [seed]}, epochs=10) for seed in range(number)],
            method="lpl",
            owner="k_1",
        )
        for number in runs
    ]
    plan: dict[str, Any] = {"columns": [], "rows": []}
    return studies.new_study(
        name=name, preset="table4", body={}, plan=plan, members=members, owner="k_1", answers=answers
    )


def submitted(db: Database, *runs: int, **options: Any) -> str:
    return writing(db, studies.submit, made(*runs, **options)).study.id


def study_of(db: Database, study_id: str) -> Study:
    return reading(db, studies.get, study_id)


def members(db: Database, study_id: str) -> list[Job]:
    return reading(db, studies.members, study_id)


def standing(db: Database, study_id: str) -> tuple[str, str | None, float]:
    study = study_of(db, study_id)
    return study.state, study.requested, round(study.progress, 3)


def finish(db: Database, held: Claim, outcome: str = "succeeded") -> None:
    writing(db, claims.finish, held, outcome=outcome, reason="error" if outcome == "failed" else None)


def train(db: Database, *, times: int = 1, outcome: str = "succeeded") -> None:
    for _ in range(times):
        finish(db, claim(db), outcome)


def listening(db: Database) -> None:
    writing(db, webhooks.add, url="https://hooks.example.org", events=["study.ended"])


def told(db: Database) -> list[str | None]:
    """The studies whose ends webhooks are told of."""
    with db.read() as session:
        return list(session.scalars(select(DeliveryRow.study_id).order_by(DeliveryRow.id)))


def asked(db: Database, study_id: str, action: str, **limits: int) -> Study:
    writing(db, requests.request_study, study_id, action, **limits)
    return study_of(db, study_id)


def test_a_study_is_derived_from_its_jobs(db: Database) -> None:
    listening(db)
    study_id = submitted(db, 1, 3)
    assert standing(db, study_id) == ("queued", None, 0.0)
    held = claim(db)
    assert standing(db, study_id)[0] == "running"
    epoch(db, held, 5)
    assert standing(db, study_id) == ("running", None, 0.125)
    finish(db, held)
    assert standing(db, study_id) == ("queued", None, 0.25)
    train(db, times=2)
    train(db, outcome="failed")
    study = study_of(db, study_id)
    assert (study.state, study.started_at is not None, study.finished_at is not None) == ("failed", True, True)
    assert told(db) == [study_id]


@contextmanager
def held_open(db: Database, held: Claim) -> Iterator[None]:
    """The end of a run whose transaction is not committed before the context ends."""
    inside, go_on = threading.Event(), threading.Event()

    def work(session: Session) -> None:
        claims.finish(session, held, outcome="succeeded")
        inside.set()
        go_on.wait(5)  # well before PostgreSQL takes the transaction for stalled

    thread = threading.Thread(target=db.write, args=(work,))
    thread.start()
    assert inside.wait(30)
    yield
    go_on.set()
    thread.join(30)


def test_of_two_jobs_that_end_at_once_the_second_sees_the_first(db: Database) -> None:
    listening(db)
    study_id = submitted(db, 1, 1)
    first, second = claim(db), claim(db)
    assert first.job_id != second.job_id
    other = threading.Thread(target=finish, args=(db, second))
    with held_open(db, first):
        other.start()
        other.join(0.3)  # time to get wrong: it looks at the first job, which has not been committed
    other.join(30)
    assert standing(db, study_id) == ("succeeded", None, 1.0)
    assert told(db) == [study_id]


def test_requests_reach_every_job_and_are_harmless_again(db: Database) -> None:
    study_id = submitted(db, 1, 2)
    held = claim(db)
    for _ in range(2):
        assert asked(db, study_id, "pause").requested == "pause"
    finish(db, held, "paused")
    assert standing(db, study_id)[0] == "paused"
    assert asked(db, study_id, "resume").state == "queued"
    train(db)
    for _ in range(2):
        assert asked(db, study_id, "cancel").state == "cancelled"
    with pytest.raises(Conflict, match="cannot pause"):
        asked(db, study_id, "pause")
    for _ in range(2):
        assert asked(db, study_id, "retry").state == "queued"
    assert [job.runs_total for job in members(db, study_id)] == [1, 4]
    train(db, times=2)
    assert standing(db, study_id) == ("succeeded", None, 1.0)
    with pytest.raises(Conflict, match=f"study {study_id} has no failed or cancelled run"):
        asked(db, study_id, "retry")
    with pytest.raises(NotFound, match="there is no study s_none"):
        asked(db, "s_none", "cancel")


def test_a_retry_keeps_to_the_quota(db: Database) -> None:
    study_id = submitted(db, 2, 2)
    asked(db, study_id, "cancel")
    with pytest.raises(QuotaExceeded, match="may have 3"):
        asked(db, study_id, "retry", max_queued=3)
    assert standing(db, study_id)[0] == "cancelled"


def test_a_study_beyond_the_quota_leaves_nothing(db: Database) -> None:
    with pytest.raises(QuotaExceeded, match="would have 4 runs"):
        writing(db, studies.submit, made(2, 2), idempotency_key="k", request_hash="h", max_queued=3)
    with db.read() as session:
        assert session.scalars(select(JobRow.id)).all() == []
        assert studies.list_studies(session).items == []
    first = writing(db, studies.submit, made(2, 2), idempotency_key="k", request_hash="h", max_queued=4)
    again = writing(db, studies.submit, made(2, 2), idempotency_key="k", request_hash="h", max_queued=4)
    assert (first.created, again.created, again.study.id) == (True, False, first.study.id)
    with pytest.raises(Conflict, match="was used with another request"):
        writing(db, studies.submit, made(1), idempotency_key="k", request_hash="other")


def test_only_an_ended_study_is_deleted_and_its_jobs_with_it(db: Database) -> None:
    study_id, other = submitted(db, 1, 1), submitted(db, 1)
    with pytest.raises(Conflict, match=f"study {study_id} is queued: cancel it first"):
        deletion.delete_study(db, study_id)
    asked(db, study_id, "cancel")
    deletion.delete_study(db, study_id)
    with pytest.raises(NotFound):
        study_of(db, study_id)
    with db.read() as session:
        assert session.scalars(select(JobRow.study_id)).all() == [other]
        assert len(session.scalars(select(RunRow.id)).all()) == 1
    with pytest.raises(NotFound):
        deletion.delete_study(db, study_id)


def test_a_study_stays_when_its_jobs_are_deleted_one_by_one(db: Database) -> None:
    listening(db)
    study_id = submitted(db, 1, 1)
    train(db)
    train(db, outcome="failed")
    good, bad = members(db, study_id)
    before = study_of(db, study_id)
    deletion.delete_job(db, bad.id)
    after = study_of(db, study_id)
    assert (after.state, after.version > before.version) == ("succeeded", True)
    deletion.delete_job(db, good.id)
    assert (study_of(db, study_id).state, members(db, study_id)) == ("succeeded", [])
    assert told(db) == [study_id]
    deletion.delete_study(db, study_id)


def test_a_study_that_answers_is_told_with_its_answer(db: Database) -> None:
    listening(db)
    study_id = submitted(db, 1, answers=True)
    assert reading(db, studies.unanswered) == []
    train(db, outcome="failed")
    assert (reading(db, studies.unanswered), told(db)) == ([study_id], [])
    stale = study_of(db, study_id)
    asked(db, study_id, "retry")
    assert not writing(db, studies.write_answer, stale, {"text": "too soon"})
    train(db)
    ended = study_of(db, study_id)
    assert writing(db, studies.write_answer, ended, {"text": "none is better"})
    assert not writing(db, studies.write_answer, ended, {"text": "twice"})
    assert (study_of(db, study_id).answer, told(db)) == ({"text": "none is better"}, [study_id])
    assert reading(db, studies.unanswered) == []


def test_what_goes_on_forgets_its_answer(db: Database) -> None:
    study_id = submitted(db, 1, answers=True)
    train(db, outcome="failed")
    writing(db, studies.write_answer, study_of(db, study_id), {"text": "all has failed"})
    asked(db, study_id, "retry")
    assert study_of(db, study_id).answer is None
    train(db)
    assert reading(db, studies.unanswered) == [study_id]


def test_lists_are_newest_first_and_narrowed(db: Database) -> None:
    first, second, third = (submitted(db, 1, name=name) for name in ("Große Tabelle", "b", "c"))
    asked(db, second, "cancel")
    page = reading(db, studies.list_studies, limit=2)
    assert [study.id for study in page.items] == [third, second]
    assert [study.id for study in reading(db, studies.list_studies, cursor=page.next).items] == [first]
    narrowed: list[tuple[dict[str, Any], list[str]]] = [
        ({"state": "cancelled"}, [second]),
        ({"name": "GROSSE"}, [first]),
        ({"preset": "table4"}, [third, second, first]),
        ({"preset": "table"}, []),
    ]
    for filters, expected in narrowed:
        assert [study.id for study in reading(db, studies.list_studies, **filters).items] == expected
