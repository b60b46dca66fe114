"""`lpl worker`."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Annotated

import typer
from setproctitle import setproctitle

from store import broker_address
from store.command import fail, load_settings, open_streams
from store.database.engine import Database, make_writable
from store.errors import DatabaseUnavailable, SchemaNewer, StoreError
from worker.celery_app import Consumer, worker_app
from worker.devices import CPU, Device, devices
from worker.slots import Slots
from worker.trainers import Trainers
from worker.warm import Host, supported

CONNECT_SECONDS = 30.0
PARENT_PID, PARENT_SECONDS = "LPL_PARENT_PID", 0.5
log = logging.getLogger(__name__)


def worker(
    device: Annotated[str, typer.Option(help="auto (all GPUs, else the CPU), cpu, mps or cuda:N.")] = "auto",
    data_dir: Annotated[str | None, typer.Option(help="LPL_DATA_DIR.")] = None,
) -> None:
    """Train what is queued, one run per device, until stopped; a running one is handed over."""
    setproctitle("lpl worker")
    open_streams()
    settings = load_settings(data_dir=data_dir)
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    broker_refuses = broker_address.refusal(settings.broker) if settings.broker is not None else None
    if broker_refuses is not None:
        fail(broker_refuses)
    db = Database(settings.database)
    try:
        make_writable(settings.data_dir)
        wait_for(db)
    except StoreError as error:
        fail(str(error))
    host = Host() if supported() else None
    if host is not None:
        host.load()
    devices = chosen(device)
    slots = Slots(db, settings, devices, trainers=Trainers(host=host))
    wait_for_signal = signalled()
    try:
        slots.start()
    except StoreError as error:
        fail(str(error))
    log.info("training on %s; data in %s", ", ".join(device.name for device in devices), settings.data_dir)
    if settings.broker is not None:
        listen(settings.broker, slots)
    if PARENT_PID in os.environ:
        threading.Thread(target=end_with, args=(int(os.environ[PARENT_PID]),), daemon=True).start()
    wait_for_signal()
    log.info("stopping; what trains is handed over")
    slots.stop(settings.grace_seconds + 10)
    if host is not None:
        host.stop()
    db.dispose()
    # Celery's threads may still sleep; everything that matters is written.
    sys.stdout.flush()
    os._exit(0)


def signalled() -> Callable[[], bytes]:
    """Take SIGTERM and SIGINT over; the result waits for the first.

    A pipe, since an event's lock may be held by the very thread that a handler interrupts.
    """
    reading, writing = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(writing, b"!"))
    return lambda: os.read(reading, 1)


def end_with(parent: int) -> None:
    """Stop in good order when the process that started this one is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    log.warning("the service that started this worker is gone")
    os.kill(os.getpid(), signal.SIGTERM)


def listen(broker_url: str, slots: Slots) -> None:
    """Take wake-ups in the background, as long as this process lives."""
    consumer = Consumer(worker_app(broker_url, slots.wake), concurrency=len(slots))
    slots.hear(consumer.state)


def chosen(name: str) -> list[Device]:
    """The devices of this worker."""
    if name == "cpu":
        return [CPU]
    present = devices()
    if name == "auto":
        return present
    fitting = [device for device in present if device.name == name]
    if not fitting:
        fail(f"--device: there is no {name}; there are {', '.join(device.name for device in present)} and cpu")
    return fitting


def wait_for(db: Database) -> None:
    """Wait a while for the database and its schema, which another process may just be bringing up to date.

    Raises:
        StoreError: it is not there, has no schema or that of another version.
    """
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            db.check_schema()
            return
        except SchemaNewer:
            raise
        except DatabaseUnavailable:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)
