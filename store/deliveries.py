"""Deliveries to webhooks as whoever sends them sees them: what is due, and how it went."""

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from store.database.clock import database_time
from store.database.engine import Database
from store.database.tables import DeliveryRow, WebhookRow
from store.webhook_events import DeliveryState

DELAYS = (10, 60, 300, 900, 1800, 3600, 7200, *(14_400,) * 5)
"""Seconds from a failed attempt to the next: a day in all, after which the delivery is given up."""
FORGET_BATCH = 500
LONGEST_MESSAGE = 500


@dataclass(frozen=True)
class Due:
    """A delivery to be sent now. An address may hold a secret of its receiver's, so neither it nor ours is shown."""

    id: str
    webhook_id: str
    event: str
    job_id: str | None
    run_id: str | None
    study_id: str | None
    attempts: int
    created_at: float
    url: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """How an attempt went.

    Attributes:
        status: the answer's, None where there was none.
        message: why it failed; None: it did not.
        final: whether no further attempt could go better.
    """

    status: int | None = None
    message: str | None = None
    final: bool = False


def due_webhooks(session: Session) -> list[str]:
    """The webhooks that have something due."""
    now = database_time(session)
    query = select(WebhookRow.id).where(exists().where(DeliveryRow.webhook_id == WebhookRow.id, is_due(now)))
    return list(session.scalars(query.order_by(WebhookRow.id)))


def is_due(now: float) -> ColumnElement[bool]:
    """That a delivery is to be sent."""
    return (DeliveryRow.state == DeliveryState.PENDING) & (DeliveryRow.next_attempt_at <= now)


def next_due(session: Session, webhook_id: str) -> Due | None:
    """What a webhook is to be told next."""
    mine = select(DeliveryRow, WebhookRow).join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
    query = mine.where(DeliveryRow.webhook_id == webhook_id, is_due(database_time(session)))
    found = session.execute(query.order_by(DeliveryRow.next_attempt_at, DeliveryRow.id).limit(1)).first()
    if found is None:
        return None
    row, webhook = found
    told = (row.id, row.webhook_id, row.event, row.job_id, row.run_id, row.study_id, row.attempts, row.created_at)
    return Due(*told, url=webhook.url, secret=webhook.secret)


def record_attempt(session: Session, due: Due, outcome: Outcome) -> DeliveryState:
    """Write an attempt down; the delivery's state. One that another process has written down meanwhile stays so."""
    now = database_time(session)
    state = state_after(due, outcome)
    again = now + DELAYS[due.attempts] if state == DeliveryState.PENDING else None
    unchanged = (DeliveryRow.id == due.id) & (DeliveryRow.attempts == due.attempts)
    session.execute(
        update(DeliveryRow)
        .where(unchanged, DeliveryRow.state == DeliveryState.PENDING)
        .values(
            state=state,
            attempts=due.attempts + 1,
            last_status=outcome.status,
            message=None if outcome.message is None else outcome.message[:LONGEST_MESSAGE],
            attempted_at=now,
            next_attempt_at=again,
        )
        .execution_options(synchronize_session=False)
    )
    return state


def state_after(due: Due, outcome: Outcome) -> DeliveryState:
    """The state after an attempt."""
    if outcome.message is None:
        return DeliveryState.DELIVERED
    return DeliveryState.GIVEN_UP if outcome.final or due.attempts >= len(DELAYS) else DeliveryState.PENDING


def forget(db: Database, *, older_than_seconds: float) -> int:
    """Delete deliveries that are older and over, at most some hundred; returns how many."""
    with db.read() as session:
        limit = database_time(session) - older_than_seconds
        old = select(DeliveryRow.id).where(DeliveryRow.created_at < limit, DeliveryRow.state != DeliveryState.PENDING)
        ids = list(session.scalars(old.order_by(DeliveryRow.created_at).limit(FORGET_BATCH)))
    if ids:
        db.write(lambda session: session.execute(delete(DeliveryRow).where(DeliveryRow.id.in_(ids))))
    return len(ids)
