"""What a delivery says: the event, and the job, run or study that it is about, as a GET would answer now."""

import json
from typing import Any

from pydantic import BaseModel

from api.schemas.answers import RunAnswer, at, job_answer
from api.services.job_page import job_page
from api.services.studies.measured import study_page
from store import jobs, studies
from store.database.engine import Session
from store.deliveries import Due
from store.lifecycle import runs


def body_of(session: Session, due: Due) -> bytes:
    """The JSON of a delivery.

    Raises:
        NotFound: what it is about has been deleted.
    """
    created_at = at(due.created_at).isoformat().replace("+00:00", "Z")
    content: dict[str, Any] = {"event": due.event, "id": due.id, "created_at": created_at}
    for kind, resource in resource_of(session, due).items():
        content[kind] = resource.model_dump(mode="json")
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


def resource_of(session: Session, due: Due) -> dict[str, BaseModel]:
    """What a delivery is about, by its kind; nothing for a test."""
    if due.run_id is not None:
        return {"run": RunAnswer.model_validate(runs.get(session, due.run_id))}
    if due.job_id is not None:
        return {"job": job_answer(*job_page(session, jobs.get(session, due.job_id)))}
    if due.study_id is not None:
        return {"study": study_page(session, studies.get(session, due.study_id))}
    return {}
