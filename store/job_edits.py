"""What users change of a job after its submission: its name, tags and notes, and whether it is archived."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from store import events, names
from store.characters import clean_all
from store.database.records import DELETE
from store.database.tables import JobRow, JobTagRow
from store.errors import NotFound


def edit(session: Session, job_id: str, changes: Mapping[str, Any]) -> None:
    """Change these of a job's `name`, `tags`, `notes` and `archived`; a `state` event lets those who follow it look.

    The spec stays as it was submitted. Where all is as wanted nothing is written.

    Raises:
        NotFound: no such job, or it is being deleted.
    """
    job = session.get(JobRow, job_id, with_for_update={"key_share": True})
    if job is None or job.requested == DELETE:
        raise NotFound(f"there is no job {job_id}")
    values = {name: value for name, value in clean_all(dict(changes)).items() if value != getattr(job, name)}
    if not values:
        return
    if "name" in values:
        values["name_key"] = names.key(values["name"])
    if "tags" in values:
        session.execute(delete(JobTagRow).where(JobTagRow.job_id == job_id))
        session.add_all(JobTagRow(job_id=job_id, tag=tag) for tag in dict.fromkeys(values["tags"]))
    session.execute(update(JobRow).where(JobRow.id == job_id).values(**values, version=JobRow.version + 1))
    events.record(session, "state", {"job": job_id, "state": job.state}, job_id=job_id, run_id=None)
