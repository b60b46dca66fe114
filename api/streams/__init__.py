"""Server-sent events and the one poller that feeds them."""
