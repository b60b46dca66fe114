"""Which statements a database answers without an index."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from store.database.engine import Database

LARGE = ("jobs", "job_tags", "job_metrics", "runs", "epochs", "series", "events", "checkpoints", "checkpoint_chunks")
"""Tables that grow with every run."""
SQLITE = re.compile(r"^SCAN (\w+?)(?:_\d+)?(?: |$)(?!USING .*INDEX)")
POSTGRES = re.compile(r"Seq Scan on (\w+)")


class Statements:
    """The statements that a database is sent, and what for."""

    def __init__(self, db: Database) -> None:
        self.db, self._label = db, ""
        self._seen: dict[str, tuple[str, Any]] = {}

    @contextmanager
    def of(self, label: str) -> Iterator[None]:
        """Note what is sent meanwhile."""
        self._label = label
        event.listen(self.db.engine, "before_cursor_execute", self._note)
        try:
            yield
        finally:
            event.remove(self.db.engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.split(None, 1)[0].upper() in ("SELECT", "UPDATE", "DELETE", "WITH"):
            self._seen.setdefault(statement, (self._label, parameters[0] if many else parameters))

    def __len__(self) -> int:
        return len(self._seen)

    def without_index(self) -> list[dict[str, Any]]:
        """Those that read a large table whole.

        `index usable`: PostgreSQL reads it whole by choice, as it does where it needs most of it or where it is small.
        """
        statements = []
        for statement, (label, parameters) in self._seen.items():
            whole = self._read_whole(statement, parameters)
            if whole:
                forced = self._read_whole(statement, parameters, by_choice=False)
                text = " ".join(statement.split())
                statements.append({"operation": label, "tables": whole, "index usable": not forced, "statement": text})
        return statements

    def _read_whole(self, statement: str, parameters: Any, *, by_choice: bool = True) -> list[str]:
        """Large tables that a statement's plan reads whole."""
        pattern = SQLITE if self.db.is_sqlite else POSTGRES
        matches = [pattern.search(line) for line in self._plan(statement, parameters, by_choice=by_choice)]
        return sorted({match[1] for match in matches if match} & set(LARGE))

    def _plan(self, statement: str, parameters: Any, *, by_choice: bool) -> list[str]:
        with self.db.engine.connect() as connection:
            if self.db.is_sqlite:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                return [row.detail for row in plan]
            if not by_choice:
                connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            return [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]
