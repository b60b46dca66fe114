"""What handlers reach through a dependency: settings, database, doorbell, event feed, measurements, keys, limits."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from api.feed import Feed
from api.key_ring import KeyRing
from api.limiter import Limiter
from api.measurements import Measurements
from store.database import Database
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


def service_of(request: Request) -> Service:
    """The application's parts."""
    return cast(Service, request.app.state.service)


Services = Annotated[Service, Depends(service_of)]
