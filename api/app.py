"""The FastAPI application."""

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from api import problems
from api.event_hub import EventHub
from api.instruments import Instruments
from api.routes import ROUTERS
from api.routes.pages import DASHBOARD, DOCS
from api.security import Gate, KeyRule
from api.state import Service
from store import sweeper
from store.database import Database
from store.doorbell import Doorbell
from store.errors import StoreError
from store.settings import Settings

DESCRIPTION = "Training jobs for class-imbalanced classification. Errors are problem documents (RFC 9457)."
log = logging.getLogger(__name__)


def create_app(settings: Settings, db: Database, doorbell: Doorbell) -> FastAPI:
    """The application on a migrated database."""
    found = Service(settings, db, doorbell, EventHub(db), Instruments())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        stopping = threading.Event()
        sweeping = threading.Thread(target=sweep_until, args=(found, stopping), name="sweep", daemon=True)
        sweeping.start()
        await found.hub.start()
        yield
        await found.hub.stop()
        stopping.set()

    app = FastAPI(
        title="LPL service",
        version=version("lpl-service"),
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses=problems.DECLARED,
        max_body_size=settings.max_body_bytes,
    )
    app.state.service = found
    app.state.key_rule = KeyRule(settings, db)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/assets", StaticFiles(directory=DASHBOARD / "assets"))
    app.mount("/docs/assets", StaticFiles(directory=DOCS))
    app.add_middleware(Gate, settings=settings, observe=found.instruments.observe)
    return app


def sweep_until(found: Service, stopping: threading.Event) -> None:
    """Take runs back from silent workers, and ring for what waits, until told to stop."""
    settings = found.settings
    while not stopping.wait(settings.sweep_seconds):
        try:
            result: Any = sweeper.sweep(
                found.db, lease_seconds=settings.lease_seconds, sweep_seconds=settings.sweep_seconds
            )
            if result.waiting:
                found.doorbell.ring()
        except StoreError as error:
            log.warning("no sweep: %s", error)
        except Exception:
            log.exception("a sweep failed")
