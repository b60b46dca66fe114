"""Searches beside the requests: what their trials are followed by."""
