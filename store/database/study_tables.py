"""The table of studies: jobs that make one table together."""

from typing import Any

from sqlalchemy import JSON, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from store.database.job_tables import Id, Table


class StudyRow(Table):
    """A study; state, progress and times are derived from its jobs in the transaction that changes them.

    `body` is what was asked for, `plan` its columns and rows with the jobs of their cells. Where its preset
    `answers`, `answer` is what it found, once it has ended.
    """

    __tablename__ = "studies"
    __table_args__ = (Index("ix_studies_state_id", "state", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(server_default=text("''"))
    preset: Mapped[str | None] = mapped_column(String(40))
    owner: Mapped[str | None]
    state: Mapped[str] = mapped_column(String(16))
    requested: Mapped[str | None] = mapped_column(String(16))
    progress: Mapped[float]
    body: Mapped[dict[str, Any]]
    plan: Mapped[dict[str, Any]]
    answers: Mapped[bool] = mapped_column(server_default=false())
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[float]
    started_at: Mapped[float | None]
    finished_at: Mapped[float | None]
    version: Mapped[int]
