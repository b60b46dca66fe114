"""The FastAPI application."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import Depends, FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import problems
from api.answering import Answering
from api.conditional import NotModified, not_modified
from api.description import describe
from api.middleware.audit import Audit, AuditLog, Refusals
from api.middleware.authentication import Authentication
from api.middleware.bodies import BodyLimit
from api.middleware.heads import Heads
from api.middleware.key_ring import KeyRing
from api.middleware.limiter import Limiter
from api.middleware.measurements import Measurements, Stopwatch
from api.middleware.prefix import Prefix, prefix_of
from api.middleware.security import Gate
from api.middleware.upload_places import UploadPlaces
from api.mirroring.process import Mirroring
from api.parameters import known_query
from api.routes import routers
from api.routes.pages import DASHBOARD, DOCS, WholeFiles
from api.searching.process import Searching
from api.services import child
from api.state import Service
from api.streams.feed import Feed
from api.sweeping import Sweeping
from api.webhooks.addresses import Addresses, Resolver, system_addresses
from api.webhooks.delivering import Delivering
from store.database.engine import Database
from store.doorbell import Doorbell
from store.settings import Settings


def create_app(
    settings: Settings,
    db: Database,
    doorbell: Doorbell,
    *,
    clock: Callable[[], float] = time.monotonic,
    resolve: Resolver = system_addresses,
) -> FastAPI:
    """The application on a migrated database.

    Args:
        clock: times what is counted by the minute.
        resolve: looks up the names of webhooks.
    """
    feed, keys = Feed(db), KeyRing(db, host=settings.host, clock=clock)
    measurements = Measurements(db, silent_after=settings.lease_seconds)
    limiter = Limiter(settings.requests_per_minute, clock=clock)
    audit_log = AuditLog(db, refusals=Refusals(clock=clock))
    addresses = Addresses(settings.webhook_allow, resolve=resolve)
    places = UploadPlaces(settings.uploads_per_key)
    service = Service(settings, db, doorbell, feed, measurements, keys, limiter, addresses, places)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        feed.start()
        delivering = Delivering(db, addresses, lease_seconds=settings.lease_seconds)
        answering, searching = Answering(settings, db), Searching(settings, db, doorbell)
        with Sweeping(settings, db, doorbell), Mirroring(settings, db), delivering, answering, searching:
            yield
        child.stop()
        await feed.stop()
        await audit_log.close()

    app = FastAPI(
        title="LPL service",
        version=version("lpl-service"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        responses=problems.ANYWHERE,
        dependencies=[Depends(known_query)],
    )
    app.state.service = service
    problems.install(app)
    app.add_exception_handler(NotModified, not_modified)
    for router in routers():
        app.include_router(router)
    app.mount("/assets", WholeFiles(directory=DASHBOARD / "assets", check_dir=False))
    app.mount("/docs/assets", WholeFiles(directory=DOCS))
    describe(app, host=settings.host, prefix=prefix_of(settings.public_url))
    surround(app, service, audit_log)
    return app


def surround(app: FastAPI, service: Service, audit_log: AuditLog) -> None:
    """Put the middleware around the application, the innermost first."""
    settings, public_url = service.settings, service.settings.public_url
    app.add_middleware(Heads)
    app.add_middleware(
        BodyLimit,
        max_bytes=settings.max_body_bytes,
        max_upload_bytes=settings.max_upload_bytes,
        seconds=settings.body_seconds,
    )
    app.add_middleware(Authentication, keys=service.keys, limiter=service.limiter)
    app.add_middleware(problems.CatchAll)
    app.add_middleware(Gate, host=settings.host, allowed_hosts=settings.allowed_hosts, public_url=public_url)
    app.add_middleware(Stopwatch, measurements=service.measurements)
    app.add_middleware(Audit, audit_log=audit_log)
    if prefix_of(public_url):
        app.add_middleware(Prefix, prefix=prefix_of(public_url))
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
