"""Time is the database's."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Float


class db_now(FunctionElement[float]):
    """The database's clock in seconds since the epoch."""

    type = Float()
    inherit_cache = True


@compiles(db_now, "sqlite")
def _sqlite_now(element: Any, compiler: Any, **options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(db_now, "postgresql")
def _postgresql_now(element: Any, compiler: Any, **options: Any) -> str:
    return "CAST(extract(epoch from clock_timestamp()) AS double precision)"


NOW = select(db_now())


def database_time(session: Session) -> float:
    """Seconds since the epoch by the database's clock."""
    offset: float = session.info["clock_offset"]
    return float(session.connection().scalar(NOW) or 0.0) + offset
