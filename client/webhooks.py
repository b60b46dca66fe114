"""Webhooks as the service answers them."""

from client.webhook_fields import DeliveryFields, DeliveryState, WebhookEvent, WebhookFields

__all__ = ["Delivery", "DeliveryState", "Webhook", "WebhookEvent"]


class Webhook(WebhookFields):
    """An address that is told of events; `secret` is there in the answer to `add_webhook` alone."""


class Delivery(DeliveryFields):
    """An event that a webhook was told of, or is to be."""
