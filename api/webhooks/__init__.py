"""Webhooks: where deliveries may go, what they say, and who sends them."""
