"""Fields of webhooks, written from docs/openapi.json by `python -m tests.interface`."""

from datetime import datetime

from pydantic import Field

from client.record import Answer, Word


class WebhookEvent(Word):
    """What a webhook may be told."""

    JOB_SUCCEEDED = "job.succeeded"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    RUN_FAILED = "run.failed"
    STUDY_ENDED = "study.ended"


class DeliveryState(Word):
    """How a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class WebhookFields(Answer):
    """An address that is told of events; the secret that signs them is shown once, when the webhook is made."""

    id: str
    url: str = ""
    events: list[WebhookEvent] = Field(default_factory=list)
    created_at: datetime | None = None
    secret: str | None = None


class DeliveryFields(Answer):
    """An event that a webhook was told of, or is to be."""

    id: str
    event: str = ""
    job: str | None = None
    run: str | None = None
    study: str | None = None
    state: DeliveryState
    attempts: int = 0
    last_status: int | None = None
    message: str | None = None
    created_at: datetime | None = None
    attempted_at: datetime | None = None
    next_attempt_at: datetime | None = None
