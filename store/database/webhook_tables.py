"""The tables of webhooks: who is told of what, and what is to be told or was."""

from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from store.database.job_tables import Id, Table


class WebhookRow(Table):
    """Where events go. The secret is kept as it is, since every delivery is signed with it."""

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    url: Mapped[str]
    events: Mapped[list[Any]]
    secret: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[float]


class DeliveryRow(Table):
    """An event for a webhook. `run_id` is null for events of jobs, `job_id` too for a study's and for a test.

    `attempted_at`: the last attempt's end. `next_attempt_at` is null once there will be none.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_due", "webhook_id", "state", "next_attempt_at"),
        Index("ix_webhook_deliveries_webhook_id", "webhook_id", "id"),
        Index("ix_webhook_deliveries_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    webhook_id: Mapped[str] = mapped_column(Id, ForeignKey("webhooks.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(String(32))
    job_id: Mapped[str | None] = mapped_column(Id)
    run_id: Mapped[str | None] = mapped_column(Id)
    study_id: Mapped[str | None] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    last_status: Mapped[int | None]
    message: Mapped[str | None]
    created_at: Mapped[float]
    attempted_at: Mapped[float | None]
    next_attempt_at: Mapped[float | None]
