"""Webhooks: addresses that are told of events, and what they were told."""

import secrets
from collections.abc import Sequence

from sqlalchemy import delete as delete_from
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store import cursors
from store.database.clock import database_time
from store.database.records import Delivery, Page, Webhook
from store.database.tables import DeliveryRow, WebhookRow
from store.errors import Conflict, NotFound
from store.identifiers import new_id
from store.webhook_events import TEST, add_delivery

MOST = 64
"""Webhooks of a service: each that is due has a connection of its own."""
PREFIX = "whsec_"


def add(session: Session, *, url: str, events: Sequence[str]) -> tuple[Webhook, str]:
    """A new webhook and the secret that its deliveries are signed with.

    Raises:
        Conflict: there are as many as there may be.
    """
    if int(session.scalar(select(func.count()).select_from(WebhookRow)) or 0) >= MOST:
        raise Conflict(f"there are {MOST} webhooks, the most there may be; delete one first")
    secret = PREFIX + secrets.token_urlsafe(32)
    row = WebhookRow(
        id=new_id("wh"), url=url, events=list(dict.fromkeys(events)), secret=secret, created_at=database_time(session)
    )
    session.add(row)
    session.flush()
    return webhook_of(row), secret


def get(session: Session, webhook_id: str) -> Webhook:
    """The webhook.

    Raises:
        NotFound: no such webhook.
    """
    row = session.get(WebhookRow, webhook_id)
    if row is None:
        raise NotFound(f"there is no webhook {webhook_id}")
    return webhook_of(row)


def list_webhooks(session: Session, *, limit: int = 50, cursor: str | None = None) -> Page[Webhook]:
    """Webhooks, oldest first.

    Raises:
        BadCursor: no list gave the cursor out.
    """
    rows = cursors.rows_after(session, select(WebhookRow), WebhookRow.id, limit=limit, cursor=cursor)
    return cursors.page([webhook_of(row) for row in rows], limit)


def delete(session: Session, webhook_id: str) -> None:
    """Forget a webhook, with what it was told and what it was to be told.

    Raises:
        NotFound: no such webhook.
    """
    get(session, webhook_id)
    session.execute(delete_from(WebhookRow).where(WebhookRow.id == webhook_id))


def test(session: Session, webhook_id: str) -> Delivery:
    """Send a webhook an event of its own, to try it out.

    Raises:
        NotFound: no such webhook.
    """
    get(session, webhook_id)
    return session.get_one(DeliveryRow, add_delivery(session, webhook_id, TEST))


def list_deliveries(session: Session, webhook_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Delivery]:
    """What a webhook was told and is to be told, newest first.

    Raises:
        NotFound: no such webhook.
        BadCursor: no list gave the cursor out.
    """
    get(session, webhook_id)
    query = select(DeliveryRow).where(DeliveryRow.webhook_id == webhook_id)
    rows = cursors.rows_after(session, query, DeliveryRow.id, limit=limit, cursor=cursor, newest_first=True)
    return cursors.page(rows, limit)


def webhook_of(row: WebhookRow) -> Webhook:
    """The record of a row, without its secret."""
    return Webhook(row.id, row.url, tuple(row.events), row.created_at)
