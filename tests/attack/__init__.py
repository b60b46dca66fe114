"""Attacks on the service: what is sent in malice or by accident must be answered, not suffered."""
