"""Webhooks: who is told of the ends of jobs and of failures."""

from collections.abc import Iterator, Sequence

from client.calls.request import Calls, at, read
from client.webhooks import Delivery, Webhook


class WebhookCalls(Calls):
    """The calls on webhooks; all need the scope admin."""

    def webhooks(self) -> list[Webhook]:
        """All webhooks, without their secrets."""
        return list(self._all(Webhook, at("webhooks")))

    def add_webhook(self, url: str, events: Sequence[str]) -> Webhook:
        """Let an address be told of events; only this answer has the secret that signs them."""
        body = {"url": url, "events": list(events)}
        return read(Webhook, self._transport.post(at("webhooks"), body, repeatable=False))

    def delete_webhook(self, webhook: str | Webhook) -> None:
        """Tell an address nothing more."""
        self._transport.delete(at("webhooks", id_of(webhook)))

    def test_webhook(self, webhook: str | Webhook) -> Delivery:
        """Send a webhook the event `test`; `webhook_deliveries` has how that went a moment later."""
        return read(Delivery, self._transport.post(at("webhooks", id_of(webhook), "test"), repeatable=False))

    def webhook_deliveries(self, webhook: str | Webhook) -> Iterator[Delivery]:
        """What a webhook was told and is to be told, newest first, read as far as it is asked for."""
        return self._all(Delivery, at("webhooks", id_of(webhook), "deliveries"))


def id_of(webhook: str | Webhook) -> str:
    """A webhook's id."""
    return webhook if isinstance(webhook, str) else webhook.id
