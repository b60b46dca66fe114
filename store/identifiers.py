"""Identifiers that sort by creation time."""

import secrets
import threading
import time

_lock = threading.Lock()
_last = 0


def new_id(prefix: str) -> str:
    """`<prefix>_<16 hex digits of nanoseconds><8 random hex digits>`; rises strictly within a process."""
    global _last
    with _lock:
        _last = max(time.time_ns(), _last + 1)
        moment = _last
    return f"{prefix}_{moment:016x}{secrets.token_hex(4)}"
