"""Celery, as a doorbell only: a message is acknowledged at once and wakes a slot; the database is the queue."""

import logging
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import setup_logging

from store.database.records import CONSUMER_DEAD
from store.doorbell import QUEUE, TASK, celery_app

RESTART_SECONDS = 5.0
HEALTHY_SECONDS = 60.0
DEAD_ENDS = 2
"""A consumer that ended this often in a row, each time sooner than it would if all were well, counts as dead."""
log = logging.getLogger(__name__)


def worker_app(broker_url: str, ring: Callable[[], object]) -> Celery:
    """The consumer's application with its one task, which rings."""
    # Celery warns root of pickled messages; this worker takes JSON only.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    for name in ("celery", "kombu"):
        logging.getLogger(name).setLevel(logging.WARNING)
    app = celery_app(broker_url)
    app.conf.update(
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
    )

    def wake() -> None:
        ring()

    app.task(name=TASK, queue=QUEUE, ignore_result=True)(wake)
    return app


class Consumer:
    """Listens for wake-ups for ever, in a thread of its own, through any absence of the broker."""

    def __init__(self, app: Celery, *, concurrency: int) -> None:
        self._app, self._concurrency = app, concurrency
        self._worker: Any = None
        self._ends = 0
        self._thread = threading.Thread(target=self._listen, name="consumer", daemon=True)
        self._thread.start()

    def state(self) -> str:
        """`listening`, `away` (the broker does not answer, or not yet), or `dead`: it ends as often as it begins."""
        if not self._thread.is_alive() or self._ends >= DEAD_ENDS:
            return CONSUMER_DEAD
        connection = getattr(getattr(self._worker, "consumer", None), "connection", None)
        return "away" if connection is None else "listening"

    def _listen(self) -> None:
        while True:
            began = time.monotonic()
            try:
                self._worker = self._new_worker()
                self._worker.start()
            except (Exception, SystemExit) as error:
                log.warning("the consumer ended (%s)", type(error).__name__)
            self._worker = None
            self._ends = self._ends + 1 if time.monotonic() - began < HEALTHY_SECONDS else 1
            log.warning("listening for wake-ups again in %.0f s; polling goes on", RESTART_SECONDS)
            time.sleep(RESTART_SECONDS)

    def _new_worker(self) -> Any:
        worker: Any = self._app.Worker(
            pool="threads",
            concurrency=self._concurrency,
            loglevel="WARNING",
            queues=[QUEUE],
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        )
        worker.set_process_status = lambda _: None  # the process has a title of its own
        return worker


@setup_logging.connect  # type: ignore[untyped-decorator]
def keep_logging(**options: Any) -> None:
    """Celery leaves logging as it is."""
