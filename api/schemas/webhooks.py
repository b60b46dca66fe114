"""The shapes of webhooks and of what is delivered to them."""

from pydantic import Field

from api.schemas.answers import Answer, Moment
from store.database.records import Webhook
from store.webhook_events import DeliveryState, WebhookEvent


class WebhookAnswer(Answer):
    """An address that is told of events; the secret that signs them is shown once, when the webhook is made."""

    id: str
    url: str
    events: list[WebhookEvent]
    created_at: Moment
    secret: str | None = None


class WebhookList(Answer):
    """A page of webhooks."""

    items: list[WebhookAnswer]
    next: str | None


class DeliveryAnswer(Answer):
    """An event that a webhook was told of, or is to be."""

    id: str = Field(description="`Lpl-Delivery` of the request")
    event: str
    job: str | None = Field(validation_alias="job_id")
    run: str | None = Field(validation_alias="run_id")
    study: str | None = Field(validation_alias="study_id")
    state: DeliveryState = Field(description="pending: to be sent, or sent again")
    attempts: int
    last_status: int | None = Field(description="how the last attempt was answered; null where it was not")
    message: str | None = Field(description="why the last attempt failed")
    created_at: Moment
    attempted_at: Moment | None
    next_attempt_at: Moment | None = Field(description="null once it is delivered or given up")


class DeliveryList(Answer):
    """A page of deliveries."""

    items: list[DeliveryAnswer]
    next: str | None


def webhook_answer(webhook: Webhook, secret: str) -> WebhookAnswer:
    """A new webhook's answer."""
    return WebhookAnswer.model_validate(webhook).model_copy(update={"secret": secret})
