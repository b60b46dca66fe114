"""Webhooks: who is told of the ends of jobs and of failures, and what they were told."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict, Field

from api.handlers import Threaded
from api.middleware.bodies import JSON_BODY
from api.middleware.security import ADMIN
from api.parameters import Cursor, Identifier, Limit, Text
from api.problems import problems, refusal
from api.schemas.webhooks import DeliveryAnswer, DeliveryList, WebhookAnswer, WebhookList, webhook_answer
from api.state import Services
from api.webhooks.targets import AddressRefused
from store import webhooks
from store.webhook_events import WebhookEvent

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], dependencies=[ADMIN], route_class=Threaded)


class NewWebhook(BaseModel):
    """An address that is to be told of events."""

    model_config = ConfigDict(extra="forbid")

    url: Text = Field(
        min_length=1,
        max_length=2000,
        description="of http or https, at a public address or in a network that `LPL_WEBHOOK_ALLOW` lists",
        examples=["https://hooks.example.org/lpl"],
    )
    events: list[WebhookEvent] = Field(min_length=1, max_length=len(WebhookEvent))


@router.post(
    "", status_code=201, operation_id="addWebhook", dependencies=[JSON_BODY], responses=problems(409, 413, 415)
)
def add(services: Services, response: Response, body: Annotated[NewWebhook, Body()]) -> WebhookAnswer:
    """Let an address be told of events; the secret that signs them is in this answer and nowhere else."""
    try:
        services.addresses.check(body.url)
    except AddressRefused as error:
        raise refusal([{"path": "url", "message": str(error)}]) from error
    webhook, secret = services.db.write(partial(webhooks.add, url=body.url, events=body.events))
    response.headers["Location"] = f"/v1/webhooks/{webhook.id}"
    response.headers["Cache-Control"] = "no-store"
    return webhook_answer(webhook, secret)


@router.get("", operation_id="listWebhooks")
def list_webhooks(services: Services, limit: Limit = 50, cursor: Cursor = None) -> WebhookList:
    """Webhooks, oldest first, without their secrets."""
    with services.db.read() as session:
        page = webhooks.list_webhooks(session, limit=limit, cursor=cursor)
    return WebhookList.model_validate(page)


@router.get("/{webhook_id}", operation_id="getWebhook", responses=problems(404))
def get(services: Services, webhook_id: Identifier) -> WebhookAnswer:
    """A webhook, without its secret."""
    with services.db.read() as session:
        return WebhookAnswer.model_validate(webhooks.get(session, webhook_id))


@router.delete("/{webhook_id}", status_code=204, operation_id="deleteWebhook", responses=problems(404))
def delete(services: Services, webhook_id: Identifier) -> None:
    """Tell an address nothing more; what it was told is forgotten too."""
    services.db.write(partial(webhooks.delete, webhook_id=webhook_id))


@router.get("/{webhook_id}/deliveries", operation_id="listDeliveries", responses=problems(404))
def list_deliveries(
    services: Services, webhook_id: Identifier, limit: Limit = 50, cursor: Cursor = None
) -> DeliveryList:
    """What a webhook was told in the last 30 days and is to be told, newest first."""
    with services.db.read() as session:
        page = webhooks.list_deliveries(session, webhook_id, limit=limit, cursor=cursor)
    return DeliveryList.model_validate(page)


@router.post("/{webhook_id}/test", status_code=202, operation_id="testWebhook", responses=problems(404))
def test(services: Services, webhook_id: Identifier) -> DeliveryAnswer:
    """Send a webhook the event `test`; how that went stands among its deliveries a moment later."""
    return DeliveryAnswer.model_validate(services.db.write(partial(webhooks.test, webhook_id=webhook_id)))
