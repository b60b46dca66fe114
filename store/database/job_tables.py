"""The tables of jobs: what lists show of them, and what they are filtered and sorted by."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Id = String(40)


class Table(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON, str: Text, int: BigInteger}  # noqa: RUF012


class JobRow(Table):
    """A job; states, results, progress and times are derived from its runs in the transaction that changes them.

    `search_open`: whether it is a search that has more to decide. `study_id`: the study that it is a part of.
    `preset`: what it was made by; `published`: metric -> the figure that was published of it, as of its submission.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_id", "state", "id"),
        Index("ix_jobs_requested", "requested"),
        # What the list of jobs is sorted by.
        Index("ix_jobs_archived_id", "archived", "id"),
        Index("ix_jobs_archived_name", "archived", "name_key", "id"),
        Index("ix_jobs_archived_progress", "archived", "progress", "id"),
        Index("ix_jobs_search_open", "search_open", "id"),
        Index("ix_jobs_study_id", "study_id", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str]
    notes: Mapped[str] = mapped_column(server_default=text("''"))
    archived: Mapped[bool] = mapped_column(server_default=false())
    owner: Mapped[str | None]
    parent: Mapped[str | None] = mapped_column(Id)
    study_id: Mapped[str | None] = mapped_column(Id)
    search_open: Mapped[bool] = mapped_column(server_default=false())
    preset: Mapped[str | None] = mapped_column(String(100))
    published: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    requested: Mapped[str | None] = mapped_column(String(16))
    progress: Mapped[float]
    priority: Mapped[int]
    method: Mapped[str]
    methods: Mapped[list[Any]]
    dataset: Mapped[str]
    datasets: Mapped[list[Any]]
    models: Mapped[list[Any]]
    imbalance_factors: Mapped[list[Any]]
    tags: Mapped[list[Any]]
    spec: Mapped[dict[str, Any]]
    runs_total: Mapped[int]
    run_states: Mapped[dict[str, Any]]
    results: Mapped[dict[str, Any]]
    sparkline: Mapped[list[Any] | None] = mapped_column(JSON)
    created_at: Mapped[float]
    started_at: Mapped[float | None]
    finished_at: Mapped[float | None]
    version: Mapped[int]


class JobTagRow(Table):
    """A tag of a job, for filtering."""

    __tablename__ = "job_tags"
    __table_args__ = (Index("ix_job_tags_tag_job_id", "tag", "job_id"),)

    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(100), primary_key=True)


class JobFacetRow(Table):
    """A method or a data set of a job's runs, for filtering: a sweep has several."""

    __tablename__ = "job_facets"
    __table_args__ = (Index("ix_job_facets_kind_value_job_id", "kind", "value", "job_id"),)

    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)


class JobMetricRow(Table):
    """The mean of one of a job's main metrics, for sorting and filtering; kept up with the job's `results`."""

    __tablename__ = "job_metrics"
    __table_args__ = (Index("ix_job_metrics_name_value_job_id", "name", "value", "job_id"),)

    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[float] = mapped_column(Float)
