"""Celery, as a doorbell only: a message is acknowledged at once and wakes a slot; the database is the queue."""

import logging
import time
import warnings
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import setup_logging

from store.doorbell import QUEUE, TASK, celery_app

RESTART_SECONDS = 5.0
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


def consume(app: Celery, *, concurrency: int) -> None:
    """Listen for wake-ups for ever, through any absence of the broker; meant for a thread of its own."""
    while True:
        worker: Any = app.Worker(
            pool="threads",
            concurrency=concurrency,
            loglevel="WARNING",
            queues=[QUEUE],
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        )
        worker.set_process_status = lambda _: None  # the process has a title of its own
        try:
            worker.start()
        except (Exception, SystemExit) as error:
            log.warning("the consumer ended (%s)", type(error).__name__)
        log.warning("listening for wake-ups again in %.0f s; polling goes on", RESTART_SECONDS)
        time.sleep(RESTART_SECONDS)


@setup_logging.connect  # type: ignore[untyped-decorator]
def keep_logging(**options: Any) -> None:
    """Celery leaves logging as it is."""
