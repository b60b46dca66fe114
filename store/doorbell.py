"""The doorbell: a Celery message that wakes a worker. It may be lost, repeated or late; the database is the queue."""

import logging
import threading
import time

from celery import Celery

QUEUE = "lpl"
TASK = "worker.wake"
QUIET_SECONDS = 5.0
MOST_RINGS = 32
"""Workers that are woken at once; where there are more, sweeps wake the rest one by one."""
log = logging.getLogger(__name__)


def celery_app(broker_url: str | None) -> Celery:
    """A Celery application with what producers and workers must agree on: JSON only, no results, quick failures."""
    app = Celery("lpl", broker=broker_url or "memory://", set_as_current=False)
    app.conf.update(
        task_default_queue=QUEUE,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_publish_retry=False,
        broker_connection_timeout=2,
        broker_transport_options={
            "socket_connect_timeout": 1,
            "socket_timeout": 5,
            "max_retries": 0,
            "visibility_timeout": 3600,
        },
    )
    return app


class Doorbell:
    """Wakes workers without ever failing or delaying its caller; without a broker it does nothing."""

    def __init__(self, broker_url: str | None) -> None:
        self._app = celery_app(broker_url) if broker_url else None
        self._wanted, self._due, self._counting = threading.Event(), 0, threading.Lock()
        self._quiet_until = 0.0
        self._thread: threading.Thread | None = None
        self._closed = False

    def ring(self, times: int = 1) -> None:
        """Ask for that many wake-ups, each for another free worker; those asked for at once may become one request."""
        if self._app is None or self._closed:
            return
        with self._counting:
            self._due = max(self._due, min(times, MOST_RINGS))
        if self._thread is None:
            self._thread = threading.Thread(target=self._send_forever, name="doorbell", daemon=True)
            self._thread.start()
        self._wanted.set()

    def close(self) -> None:
        """Send what is asked for and stop."""
        self._closed = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(timeout=3)
        if self._app is not None:
            self._app.close()

    def _send_forever(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            with self._counting:
                due, self._due = self._due, 0
            for _ in range(due):
                self._send()
            if self._closed:
                return

    def _send(self) -> None:
        if self._app is None or time.monotonic() < self._quiet_until:
            return
        try:
            self._app.send_task(TASK, queue=QUEUE, ignore_result=True, retry=False)
        except Exception as error:  # whatever the broker does, the job is safe in the database
            self._quiet_until = time.monotonic() + QUIET_SECONDS
            log.warning("the broker does not answer (%s); workers find runs by polling", type(error).__name__)
