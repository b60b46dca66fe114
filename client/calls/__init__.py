"""What the client asks of the service, by subject."""
