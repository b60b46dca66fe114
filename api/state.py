"""What handlers reach through dependencies: settings, database, doorbell, event feed, measurements."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from api.feed import Feed
from api.key_ring import KeyRing
from api.measurements import Measurements
from store.database import Database
from store.doorbell import Doorbell
from store.settings import Settings


@dataclass(frozen=True)
class State:
    """Made once per application."""

    settings: Settings
    db: Database
    doorbell: Doorbell
    feed: Feed
    measurements: Measurements
    keys: KeyRing


def state_of(request: Request) -> State:
    """The application's state."""
    return cast(State, request.app.state.lpl)


def database(request: Request) -> Database:
    """The database."""
    return state_of(request).db


Service = Annotated[State, Depends(state_of)]
Db = Annotated[Database, Depends(database)]
