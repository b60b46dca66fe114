"""Whether API keys are required, which are valid, and when they were used."""

import ipaddress
import logging
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from store import keys
from store.database.engine import Database, Session
from store.database.records import ApiKey
from store.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
CACHE_SECONDS = 1.0
NOTED_SECONDS, RETRY_SECONDS = 60.0, 10.0
log = logging.getLogger(__name__)


def is_loopback(host: str) -> bool:
    """Whether an address to bind to can only be reached from this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refusal_to_start(settings: Settings, db: Database) -> str | None:
    """Why the service may not start: it can be reached from other machines and there is no key. None where it may."""
    if is_loopback(settings.host):
        return None
    with db.read() as session:
        if keys.any_keys(session):
            return None
    return (
        f"{settings.host} can be reached from other machines, so an API key is required and there is none: "
        "run `lpl key create NAME`, or set LPL_ADMIN_KEY or LPL_ADMIN_KEY_FILE"
    )


class KeyRing:
    """Caches whether keys are required, and resolves secrets to keys.

    They are required beyond loopback, and everywhere once there has been one.

    A revoked key counts: whoever revokes the last one does not open the service. `lpl key create` makes a new one.
    """

    def __init__(self, db: Database, *, host: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._db, self._clock = db, clock
        self._required, self._asked_at = not is_loopback(host), float("-inf")
        self._valid: dict[str, tuple[float, bool]] = {}
        self._uses = Uses(db, clock=clock)

    def required(self) -> bool:
        """Whether a request needs a key; the database is asked at most once a second, and never again after a yes."""
        if not self._required and not self.is_open():
            self._required, self._asked_at = self._read(keys.ever_any), self._clock()
        return self._required

    def is_open(self) -> bool:
        """Whether the database has said within the last second that no key is needed; never asks it."""
        return not self._required and self._clock() - self._asked_at <= CACHE_SECONDS

    def verify(self, secret: str) -> ApiKey | None:
        """The key of a secret, None where there is none or it was revoked; its use is written down in a while."""
        key = self._read(keys.verify, secret)
        if key is not None:
            self._uses.note(key.id)
        return key

    def admits(self, key: ApiKey | None) -> bool:
        """Whether who came with this key, or without one, may still stay; asked at most once a second for each key."""
        if key is None:
            return not self.required()
        asked_at, valid = self._valid.get(key.id, (float("-inf"), True))
        if valid and self._clock() - asked_at > CACHE_SECONDS:
            valid = self._read(keys.is_valid, key.id)
            self._valid[key.id] = self._clock(), valid
        return valid

    def changed(self) -> None:
        """Ask the database again."""
        self._asked_at = float("-inf")
        self._valid.clear()

    def _read(self, question: Callable[Concatenate[Session, P], T], *args: P.args, **options: P.kwargs) -> T:
        with self._db.read() as session:
            return question(session, *args, **options)


class Uses:
    """When which key was used, written beside the requests: one that only reads must not wait for the write lock.

    Every key is noted at most once a minute. What cannot be written is forgotten, and the key's next use noted.
    """

    def __init__(self, db: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._db, self._clock, self._lock = db, clock, threading.Lock()
        self._noted_at: dict[str, float] = {}
        self._pending: set[str] = set()
        self._writing = False

    def note(self, key_id: str) -> None:
        """Have a use written down; returns at once."""
        with self._lock:
            now = self._clock()
            if now - self._noted_at.get(key_id, float("-inf")) < NOTED_SECONDS:
                return
            self._noted_at[key_id] = now
            self._pending.add(key_id)
            if self._writing:
                return
            self._writing = True
        threading.Thread(target=self._write, name="key uses", daemon=True).start()

    def _write(self) -> None:
        while True:
            with self._lock:
                batch, self._pending = self._pending, set()
                if not batch:
                    self._writing = False
                    return
            try:
                self._db.write(partial(keys.note_use, key_ids=batch))
            except Exception as error:
                log.debug("the last use of %d keys is not written: %s", len(batch), error)
                self._forget(batch)

    def _forget(self, key_ids: Iterable[str]) -> None:
        """Let the next use of these keys be noted, though not at once: what failed may fail again."""
        with self._lock:
            for key_id in key_ids:
                self._noted_at[key_id] = self._clock() - NOTED_SECONDS + RETRY_SECONDS
