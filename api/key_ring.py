"""Whether API keys are required."""

import ipaddress
import time

from store import keys
from store.database import Database

CACHE_SECONDS = 1.0


def is_loopback(host: str) -> bool:
    """Whether an address to bind to can only be reached from this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class KeyRing:
    """Whether keys are required: always beyond loopback, and as soon as there is one."""

    def __init__(self, db: Database, *, host: str) -> None:
        self._db, self._public = db, not is_loopback(host)
        self._required, self._asked_at = False, float("-inf")

    def required(self) -> bool:
        """Whether a request needs a key; the database is asked at most once a second."""
        if self._public:
            return True
        if time.monotonic() - self._asked_at > CACHE_SECONDS:
            self._required, self._asked_at = keys.any_keys(self._db), time.monotonic()
        return self._required

    def changed(self) -> None:
        """Ask the database again."""
        self._asked_at = float("-inf")
