"""Webhooks in the store: deliveries are written with the change that they tell of, tried for a day, and forgotten."""

import threading
from typing import Any

import pytest
from sqlalchemy.orm import Session

from store import deliveries, jobs, webhooks
from store.database.engine import Database
from store.database.records import Claim, Delivery, NewRun
from store.deliveries import DELAYS, Due, Outcome
from store.errors import BadCursor, Conflict, NotFound
from store.lifecycle import claims, extension, requests, sweeper
from store.webhook_events import DeliveryState, WebhookEvent
from tests.store.databases import claimed, reading, writing

URL = "https://hooks.example/a-secret-of-its-own"
ALL = list(WebhookEvent)
SPEC: dict[str, Any] = {
    "name": "a job", "tags": [], "priority": 5, "dataset": {"name": "digits"}, "method": {"alias": "lpl"}, "seeds": [0],
}  # fmt: skip


def submit(db: Database, runs: int = 1) -> str:
    new = [NewRun(seed=seed, point={}, spec=SPEC, epochs=10) for seed in range(runs)]
    return writing(db, jobs.submit, jobs.new_job(spec=SPEC, runs=new, method="lpl")).job.id


def claim(db: Database) -> Claim:
    taken = claimed(db, worker_id="w_1", device="cpu", lease_seconds=60)
    assert taken is not None
    return taken


def finish(db: Database, outcome: str, **more: Any) -> str:
    held = claim(db)
    writing(db, claims.finish, held, outcome=outcome, **more)
    return held.run_id


def listen(db: Database, events: list[WebhookEvent] = ALL) -> str:
    return writing(db, webhooks.add, url=URL, events=events)[0].id


def told(db: Database, webhook: str) -> list[tuple[str, str | None, str | None]]:
    """What a webhook is to be told, oldest first."""
    items = reading(db, webhooks.list_deliveries, webhook, limit=1000).items
    return [(each.event, each.job_id, each.run_id) for each in reversed(items)]


def next_due(db: Database, webhook: str) -> Due:
    due = reading(db, deliveries.next_due, webhook)
    assert due is not None
    return due


def only(db: Database, webhook: str) -> Delivery:
    (delivery,) = reading(db, webhooks.list_deliveries, webhook).items
    return delivery


def test_ends_of_jobs_and_failures_of_runs_are_told(db: Database) -> None:
    every, failures = listen(db), listen(db, [WebhookEvent.RUN_FAILED, WebhookEvent.STUDY_ENDED])
    good, bad, stopped = submit(db), submit(db, 2), submit(db)
    finish(db, "succeeded")
    first = finish(db, "failed", reason="diverged")
    assert told(db, every) == [("job.succeeded", good, None), ("run.failed", bad, first)]
    second = finish(db, "failed", reason="error")
    writing(db, requests.request_job, stopped, "cancel")
    assert told(db, every)[2:] == [
        ("run.failed", bad, second),
        ("job.failed", bad, None),
        ("job.cancelled", stopped, None),
    ]
    assert told(db, failures) == [("run.failed", bad, first), ("run.failed", bad, second)]


def test_a_job_that_ends_again_is_told_again(db: Database) -> None:
    webhook, job = listen(db), submit(db)
    failed = finish(db, "failed", reason="error")
    writing(db, requests.request_job, job, "retry")
    finish(db, "succeeded")
    writing(db, extension.extend, job_id=job, seeds=[5], max_runs=10)
    finish(db, "cancelled")
    ends = [("run.failed", job, failed), ("job.failed", job, None), ("job.succeeded", job, None)]
    assert told(db, webhook) == [*ends, ("job.cancelled", job, None)]


def test_a_run_that_is_lost_too_often_is_told(db: Database) -> None:
    webhook, job = listen(db), submit(db)
    for _ in range(sweeper.MAX_LOSSES):
        assert told(db, webhook) == []
        held = claim(db)
        writing(db, sweeper.report_loss, held, "the trainer died")
    assert told(db, webhook) == [("run.failed", job, held.run_id), ("job.failed", job, None)]


def test_what_is_undone_is_not_told(db: Database) -> None:
    webhook, job = listen(db), submit(db)

    def cancel_and_break(session: Session) -> None:
        requests.request_job(session, job, "cancel")
        raise KeyError

    with pytest.raises(KeyError):
        db.write(cancel_and_break)
    assert told(db, webhook) == []
    assert reading(db, jobs.get, job).state == "queued"


def test_webhooks_that_vanish_keep_no_run_from_ending(db: Database) -> None:
    submit(db, 20)
    problems: list[BaseException] = []

    def come_and_go() -> None:
        try:
            for _ in range(20):
                writing(db, webhooks.delete, listen(db))
        except BaseException as error:
            problems.append(error)

    others = [threading.Thread(target=come_and_go) for _ in range(2)]
    for other in others:
        other.start()
    for _ in range(20):
        finish(db, "failed", reason="error")
    for other in others:
        other.join()
    assert problems == []


def test_a_failed_delivery_is_tried_for_a_day_and_given_up(db: Database) -> None:
    webhook = listen(db)
    writing(db, webhooks.test, webhook)
    assert 86_400 - 3_600 < sum(DELAYS) <= 86_400
    for attempt, delay in enumerate(DELAYS, start=1):
        due = next_due(db, webhook)
        assert (due.event, due.attempts, due.url) == ("test", attempt - 1, URL)
        failure = Outcome(500, "it answered 500")
        assert writing(db, deliveries.record_attempt, due, failure) == DeliveryState.PENDING
        waits = only(db, webhook)
        assert (waits.state, waits.attempts, waits.last_status) == ("pending", attempt, 500)
        assert waits.attempted_at is not None
        assert waits.next_attempt_at == pytest.approx(waits.attempted_at + delay)
        assert reading(db, deliveries.due_webhooks) == []
        db.clock_offset += delay
        assert reading(db, deliveries.due_webhooks) == [webhook]
    last = writing(db, deliveries.record_attempt, next_due(db, webhook), Outcome(message="no answer within 5 s"))
    over = only(db, webhook)
    assert (last, over.state, over.last_status) == (DeliveryState.GIVEN_UP, "given_up", None)
    assert (over.message, over.next_attempt_at) == ("no answer within 5 s", None)
    assert reading(db, deliveries.next_due, webhook) is None


def test_an_attempt_that_another_has_written_down_is_not_written_twice(db: Database) -> None:
    webhook = listen(db)
    writing(db, webhooks.test, webhook)
    due = next_due(db, webhook)
    writing(db, deliveries.record_attempt, due, Outcome(204))
    writing(db, deliveries.record_attempt, due, Outcome(500, "it answered 500"))
    delivered = only(db, webhook)
    assert (delivered.state, delivered.attempts, delivered.last_status) == ("delivered", 1, 204)


def test_neither_address_nor_secret_is_shown_by_accident(db: Database) -> None:
    webhook, secret = writing(db, webhooks.add, url=URL, events=ALL)
    writing(db, webhooks.test, webhook.id)
    shown = repr(next_due(db, webhook.id))
    assert secret not in shown
    assert "a-secret-of-its-own" not in shown
    assert secret not in repr(webhook)


def test_webhooks_and_deliveries_have_pages_and_an_end(db: Database) -> None:
    ids = [listen(db) for _ in range(3)]
    first = reading(db, webhooks.list_webhooks, limit=2)
    assert [each.id for each in first.items] == ids[:2]
    rest = reading(db, webhooks.list_webhooks, limit=2, cursor=first.next)
    assert ([each.id for each in rest.items], rest.next) == (ids[2:], None)
    made = [writing(db, webhooks.test, ids[0]).id for _ in range(3)]
    newest = reading(db, webhooks.list_deliveries, ids[0], limit=2)
    assert [each.id for each in newest.items] == [made[2], made[1]]
    older = reading(db, webhooks.list_deliveries, ids[0], limit=2, cursor=newest.next)
    assert ([each.id for each in older.items], older.next) == ([made[0]], None)
    writing(db, webhooks.delete, ids[0])
    with pytest.raises(NotFound):
        reading(db, webhooks.list_deliveries, ids[0])
    for act in (webhooks.get, webhooks.delete, webhooks.test):
        with pytest.raises(NotFound):
            writing(db, act, ids[0])
    with pytest.raises(BadCursor):
        reading(db, webhooks.list_webhooks, cursor="!")
    for _ in range(webhooks.MOST - 2):
        listen(db)
    with pytest.raises(Conflict, match="delete one first"):
        listen(db)


def test_deliveries_that_are_over_are_forgotten(db: Database) -> None:
    webhook = listen(db)
    delivered, waiting = (writing(db, webhooks.test, webhook).id for _ in range(2))
    writing(db, deliveries.record_attempt, next_due(db, webhook), Outcome(204))
    db.clock_offset += 100
    recent = writing(db, webhooks.test, webhook).id
    assert deliveries.forget(db, older_than_seconds=200) == 0
    assert deliveries.forget(db, older_than_seconds=50) == 1
    assert [each.id for each in reading(db, webhooks.list_deliveries, webhook).items] == [recent, waiting]
    assert delivered not in (recent, waiting)
