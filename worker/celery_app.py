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
from celery.worker import state as requests

from store.database.records import CONSUMER_DEAD
from store.doorbell import QUEUE, TASK, celery_app

RESTART_SECONDS = 5.0
LISTEN_SECONDS = 5.0
"""How often to look whether wake-ups wait that nobody fetches."""
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
    logging.getLogger("celery.worker.request").addFilter(without_trace)
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
        threading.Thread(target=self._mend, name="hearing", daemon=True).start()

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

    def _mend(self) -> None:
        """Let the consumer connect anew where it is deaf.

        Where a broker was lost while every slot was taken, or as a message was acknowledged, Celery may not notice: it
        then waits for ever at a connection that is gone.
        """
        before = None
        while True:
            time.sleep(LISTEN_SECONDS)
            heard = requests.total_count[TASK]
            unheard = heard if self._could_fetch() and self._waiting() else None
            if unheard is not None and unheard == before and (hub := getattr(self._worker, "hub", None)):
                log.warning("wake-ups wait in the broker and none is heard; connecting anew")
                hub.call_soon(lose_connection)
            before = unheard

    def _could_fetch(self) -> bool:
        return self.state() == "listening" and len(requests.reserved_requests) < self._concurrency

    def _waiting(self) -> int:
        """Wake-ups in the broker; none where it does not answer."""
        try:
            with self._app.connection_for_read() as connection:
                return int(self._app.amqp.queues[QUEUE](connection).queue_declare(passive=True).message_count)
        except Exception:  # whatever the broker does: polling goes on
            return 0

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


def without_trace(record: logging.LogRecord) -> bool:
    """Leave the stack out where a message could not be acknowledged: a lost broker is no fault of the program."""
    record.exc_info = None
    return True


def lose_connection() -> None:
    """What Celery sees where a connection ends; it connects again."""
    raise ConnectionResetError("wake-ups were not heard")


@setup_logging.connect  # type: ignore[untyped-decorator]
def keep_logging(**options: Any) -> None:
    """Celery leaves logging as it is."""
