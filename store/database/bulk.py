"""Many rows at once, for a transaction that others wait for."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from store.database.tables import Table


def insert_plain(session: Session, table: type[Table], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns and values that the driver takes as they are (JSON as its text).

    SQLAlchemy's own way looks at each value, which more than doubles the time that the transaction takes.
    """
    session.flush()
    connection = session.connection()
    compiled = insert(table).compile(dialect=connection.dialect, column_keys=list(rows[0]))
    order = getattr(compiled, "positiontup", None)
    values: Sequence[Any] = rows if order is None else [tuple([row[name] for name in order]) for row in rows]
    connection.exec_driver_sql(str(compiled), values)
