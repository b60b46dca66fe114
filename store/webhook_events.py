"""What webhooks are told: deliveries, written in the transaction of the change that they tell of."""

from enum import StrEnum

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from store.database.clock import database_time
from store.database.tables import DeliveryRow, WebhookRow
from store.identifiers import new_id


class WebhookEvent(StrEnum):
    """What a webhook may be told."""

    JOB_SUCCEEDED = "job.succeeded"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    RUN_FAILED = "run.failed"
    STUDY_ENDED = "study.ended"


class DeliveryState(StrEnum):
    """How a delivery stands."""

    PENDING = "pending"  # to be sent, or sent again
    DELIVERED = "delivered"  # answered with 2xx
    GIVEN_UP = "given_up"  # never will be


TEST = "test"
"""The event of a delivery that somebody asked for to try a webhook out."""
# The lock keeps a webhook from being deleted before its deliveries are written; of two writers none waits.
LISTENING = select(WebhookRow.id, WebhookRow.events).order_by(WebhookRow.id).with_for_update(key_share=True, read=True)


def announce(
    session: Session,
    event: WebhookEvent,
    *,
    job_id: str | None = None,
    run_id: str | None = None,
    study_id: str | None = None,
) -> None:
    """Add a delivery for every webhook that listens to the event."""
    wanted = [row.id for row in session.connection().execute(LISTENING) if event in row.events]
    for webhook_id in wanted:
        add_delivery(session, webhook_id, event, job_id=job_id, run_id=run_id, study_id=study_id)


def add_delivery(
    session: Session,
    webhook_id: str,
    event: str,
    *,
    job_id: str | None = None,
    run_id: str | None = None,
    study_id: str | None = None,
) -> str:
    """Add a delivery that is due at once; its id."""
    now, delivery_id = database_time(session), new_id("wd")
    row = {
        "id": delivery_id,
        "webhook_id": webhook_id,
        "event": event,
        "job_id": job_id,
        "run_id": run_id,
        "study_id": study_id,
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "created_at": now,
        "next_attempt_at": now,
    }
    session.connection().execute(insert(DeliveryRow), row)
    return delivery_id
