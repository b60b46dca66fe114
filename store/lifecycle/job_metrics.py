"""A job's main metrics as rows, by which lists are sorted and filtered."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, insert
from sqlalchemy.orm import Session

from store.database.tables import JobMetricRow

FORGET = delete(JobMetricRow).where(JobMetricRow.job_id == bindparam("job"))


def keep(session: Session, job_id: str, results: Mapping[str, Any]) -> None:
    """Write the means among a job's results in the place of those before; the caller has locked the job."""
    connection = session.connection()
    connection.execute(FORGET, {"job": job_id})
    rows = [{"job_id": job_id, "name": name, "value": kept["mean"]} for name, kept in results.items()]
    if rows:
        connection.execute(insert(JobMetricRow), rows)
