"""What handlers reach through a dependency: the parts of the application."""

from dataclasses import dataclass, field
from typing import Annotated, cast

from anyio import CapacityLimiter
from fastapi import Depends, Request

from api.middleware.key_ring import KeyRing
from api.middleware.limiter import Limiter
from api.middleware.measurements import Measurements
from api.middleware.upload_places import UploadPlaces
from api.streams.feed import Feed
from api.webhooks.addresses import Addresses
from store.database.engine import Database
from store.doorbell import Doorbell
from store.settings import Settings


@dataclass(frozen=True)
class Service:
    """Made once per application."""

    settings: Settings
    db: Database
    doorbell: Doorbell
    feed: Feed
    measurements: Measurements
    keys: KeyRing
    limiter: Limiter
    addresses: Addresses
    upload_places: UploadPlaces
    health_threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(2))
    """Whoever asks whether the service is well must not queue behind those that keep it busy."""


async def service_of(request: Request) -> Service:
    """The application's parts. Not a plain function: that would wait for a thread of the pool all handlers share."""
    return cast(Service, request.app.state.service)


Services = Annotated[Service, Depends(service_of)]
