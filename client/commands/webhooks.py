"""`lpl webhook`."""

import time
from itertools import islice
from typing import Annotated

import typer

from client.client import Client
from client.connection import connected
from client.output import AsJson, say_json, say_list, say_table
from client.webhooks import Delivery, DeliveryState, WebhookEvent
from client.words import shown

webhook = typer.Typer(help="Webhooks: add, list, rm, test, deliveries.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="Webhook, as `lpl webhook list` shows it.")]
EVENTS = ", ".join(WebhookEvent)
ENDS = (WebhookEvent.JOB_SUCCEEDED, WebhookEvent.JOB_FAILED, WebhookEvent.JOB_CANCELLED)
COLUMNS = ("id", "event", "state", "attempts", "last_status", "message", "created_at", "next_attempt_at")
TEST_SECONDS, PAUSE_SECONDS = 10.0, 0.2


@webhook.command("add")
def add_webhook(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Where events are posted to.")],
    event: Annotated[
        list[str] | None, typer.Option(help=f"{EVENTS}; repeatable. Without any, the ends of jobs.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let an address be told of events; the secret that signs them is shown now and never again."""
    with connected(context) as client:
        made = client.add_webhook(url, event or ENDS)
    if as_json:
        say_json(made)
        return
    say_table(["", ""], [["webhook", made.id], ["url", made.url], ["events", made.events], ["secret", made.secret]])
    typer.echo("\nThe secret signs every delivery; it is shown now and never again.")


@webhook.command("list")
def list_webhooks(context: typer.Context, as_json: AsJson = False) -> None:
    """List the webhooks."""
    with connected(context) as client:
        say_list(client.webhooks(), ["id", "url", "events", "created_at"], as_json=as_json)


@webhook.command("rm")
def delete_webhook(context: typer.Context, webhook_id: Id, as_json: AsJson = False) -> None:
    """Tell an address nothing more; what it was told is forgotten."""
    with connected(context) as client:
        client.delete_webhook(webhook_id)
    if as_json:
        say_json({"deleted": webhook_id})
    else:
        typer.echo(f"{webhook_id} is deleted.")


@webhook.command("test")
def try_webhook(context: typer.Context, webhook_id: Id, as_json: AsJson = False) -> None:
    """Send a webhook an event and wait for its answer; status 0 only if it was delivered."""
    with connected(context) as client:
        delivery = attempted(client, webhook_id, client.test_webhook(webhook_id))
    if as_json:
        say_json(delivery)
    elif delivery.state == DeliveryState.DELIVERED:
        typer.echo(f"{delivery.id} is delivered: it answered {delivery.last_status}.")
    else:
        reason = shown(delivery.message) or f"not tried within {TEST_SECONDS:g} s"
        typer.echo(f"{delivery.id} is not delivered: {reason}.")
    if delivery.state != DeliveryState.DELIVERED:
        raise typer.Exit(1)


@webhook.command("deliveries")
def list_deliveries(
    context: typer.Context,
    webhook_id: Id,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List what a webhook was told and is to be told, newest first."""
    with connected(context) as client:
        say_list(list(islice(client.webhook_deliveries(webhook_id), limit)), COLUMNS, as_json=as_json)


def attempted(client: Client, webhook_id: str, delivery: Delivery) -> Delivery:
    """A delivery once it has been tried, or as it is after a while."""
    deadline = time.monotonic() + TEST_SECONDS
    while not delivery.attempts and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
        newest = islice(client.webhook_deliveries(webhook_id), 100)
        delivery = next((each for each in newest if each.id == delivery.id), delivery)
    return delivery


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(webhook, name="webhook")
