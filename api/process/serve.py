"""`lpl serve`: API, bundled broker and one worker, started and stopped together."""

import contextlib
import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from api.late import late, missing
from api.middleware.key_ring import refusal_to_start
from api.process.broker import Broker, start_broker
from store import audit, broker_address, keys
from store.characters import clean
from store.command import fail
from store.database.engine import Database, Session, make_writable
from store.doorbell import Doorbell
from store.errors import StoreError
from store.settings import Settings

if TYPE_CHECKING:
    from api import app as web
    from api.process import server
else:  # loaded while the worker starts
    web, server = late("api.app"), late("api.process.server")

RESTART_SECONDS = (1.0, 30.0)
"""First and longest pause before a dead worker is started again."""
SIGNALS = (signal.SIGTERM, signal.SIGINT)
HEALTHY_SECONDS = 60.0
"""A worker that lived this long is started again after the first pause."""
log = logging.getLogger(__name__)


class WorkerChild:
    """The worker process of this service; started again when it dies."""

    def __init__(self, settings: Settings, broker_url: str | None) -> None:
        self._grace = settings.grace_seconds + 15
        self._environment = {**os.environ, **worker_environment(settings, broker_url)}
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._process = self._start()
        threading.Thread(target=self._keep, name="worker-child", daemon=True).start()

    def _start(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C in a terminal reaches this process alone, which then stops things in order.
        return subprocess.Popen([sys.executable, "-P", "-m", "worker"], env=self._environment, start_new_session=True)

    def _keep(self) -> None:
        first, longest = RESTART_SECONDS
        pause = first
        while True:
            started = time.monotonic()
            status = self._process.wait()
            if time.monotonic() - started > HEALTHY_SECONDS:
                pause = first
            if self._stopping.is_set():
                return
            log.warning("the worker ended with status %s; starting it again in %.0f s", status, pause)
            self._stopping.wait(pause)
            pause = min(2 * pause, longest)
            with self._starting:
                if self._stopping.is_set():
                    return
                self._process = self._start()

    def stop(self) -> None:
        """Let it hand its run over, then see that it is gone."""
        with self._starting:
            self._stopping.set()
        self._process.terminate()
        try:
            self._process.wait(timeout=self._grace)
        except subprocess.TimeoutExpired:
            log.warning("the worker does not end; killing it")
            self._process.kill()
            self._process.wait()


def worker_environment(settings: Settings, broker_url: str | None) -> dict[str, str]:
    """What the worker must know that flags may have set, and whom it must not outlive."""
    variables = {
        "LPL_PARENT_PID": str(os.getpid()),
        "LPL_DATA_DIR": str(settings.data_dir),
        "LPL_DATABASE_URL": settings.database_url,
        "LPL_BROKER_URL": broker_url,
        "LPL_BROKER_PASSWORD": "",  # it stands in the URL
        "LPL_BROKER_PASSWORD_FILE": "",
        "LPL_LEASE_SECONDS": str(settings.lease_seconds),
        "LPL_SWEEP_SECONDS": str(settings.sweep_seconds),
        "LPL_POLL_SECONDS": str(settings.poll_seconds),
        "LPL_GRACE_SECONDS": str(settings.grace_seconds),
        "LPL_LOG_LEVEL": settings.log_level,
    }
    return {name: value for name, value in variables.items() if value is not None}


def opened(settings: Settings) -> Database:
    """The migrated database; what is wrong ends the process with one line."""
    if (package := missing()) is not None:
        fail(f"the service needs {package}, which is not installed; pip install 'lpl-service[service]'")
    broker_refuses = broker_address.refusal(settings.broker) if settings.broker is not None else None
    if broker_refuses is not None:
        fail(broker_refuses)
    try:
        make_writable(settings.data_dir)
        if not settings.datasets_dir.is_dir():  # one that is there may be mounted to be read alone
            make_writable(settings.datasets_dir)
        db = Database(settings.database)
        db.migrate()
        db.keep_reserve()
        make_first_key(settings, db)
        refused = refusal_to_start(settings, db)
    except (StoreError, OSError) as error:
        fail(str(error))
    if refused is not None:
        fail(refused)
    return db


def make_first_key(settings: Settings, db: Database) -> None:
    """Make the key of the settings valid; the audit log says so when it is new.

    Raises:
        StoreError: the key is unfit, or the database is away.
    """
    secret = settings.first_key()
    if secret is not None:
        db.write(lambda session: keep_first_key(session, secret))


def keep_first_key(session: Session, secret: str) -> None:
    """Create the key unless it exists, with its line in the audit log."""
    key = keys.bootstrap(session, secret)
    if key is not None:
        audit.record_command(session, f"first key /v1/keys/{key.id}", status=201)


def listening(settings: Settings, *, any_port: bool) -> socket.socket:
    """A bound socket; another port where the wanted one is taken and that is allowed."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol: asyncio sends small answers at once (TCP_NODELAY) only where the socket names it.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.host, settings.port))
    except OSError as error:
        if not (any_port and error.errno == errno.EADDRINUSE):
            reason = f"cannot listen on {settings.host}:{settings.port}: {error.strerror}"
            fail(f"{reason}; choose another --port (0 takes a free one) or --host")
        bound.bind((settings.host, 0))
        print(f"port {settings.port} is taken; using {bound.getsockname()[1]}", flush=True)
    bound.listen()
    return bound


def serve(settings: Settings, db: Database, doorbell: Doorbell, bound: socket.socket) -> None:
    """Answer requests until a signal."""
    server.allow_many_connections()
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    serving = server.ApiServer(web.create_app(settings, db, doorbell), log_level=settings.log_level)
    print(clean(f"data in {settings.data_dir}"), flush=True)
    print(f"serving on http://{host}:{bound.getsockname()[1]}", flush=True)
    serving.run(sockets=[bound])


def end_on_signal() -> None:
    """The first SIGTERM or SIGINT raises SystemExit, at any moment; later ones do not disturb the ending."""

    def end(*_: object) -> None:
        for each in SIGNALS:
            signal.signal(each, lambda *_: None)
        raise SystemExit(0)

    for each in SIGNALS:
        signal.signal(each, end)


def until_signalled(run: Callable[[Settings], None], settings: Settings) -> NoReturn:
    """Serve, clean up, and end without taking torch apart in memory, which takes a second.

    Raises:
        SystemExit: it ended otherwise than by a signal.
    """
    end_on_signal()
    try:
        run(settings)
    except SystemExit as end:
        if end.code:
            raise
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(0)


def run_api(settings: Settings) -> None:
    """The API alone."""
    with contextlib.ExitStack() as ending:
        db = opened(settings)
        ending.callback(db.dispose)
        bound = listening(settings, any_port=False)
        doorbell = Doorbell(settings.broker)
        ending.callback(doorbell.close)
        serve(settings, db, doorbell, bound)


def run_all(settings: Settings) -> None:
    """API, broker and worker; in the end everything ends, the broker last."""
    with contextlib.ExitStack() as ending:
        db = opened(settings)
        ending.callback(db.dispose)
        bound = listening(settings, any_port="port" not in settings.model_fields_set)
        broker: Broker | None = None
        if settings.broker is None and (broker := start_broker()) is not None:
            ending.callback(broker.stop)
        broker_url = settings.broker or (broker.url if broker else None)
        worker = WorkerChild(settings, broker_url)
        ending.callback(worker.stop)
        doorbell = Doorbell(broker_url)
        ending.callback(doorbell.close)
        serve(settings, db, doorbell, bound)
