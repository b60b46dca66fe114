"""The audit log."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.handlers import Threaded
from api.middleware.security import ADMIN
from api.parameters import Cursor, Filter, Limit
from api.schemas.answers import Answer, Moment
from api.state import Services
from store import audit

router = APIRouter(prefix="/v1/audit", tags=["keys"], dependencies=[ADMIN], route_class=Threaded)


class AuditLine(Answer):
    """A request that may have changed something."""

    at: Moment
    key: str | None = Field(
        validation_alias="key_id", description="id of the API key, null where none was given or needed"
    )
    key_name: str | None
    method: str = Field(description="`lpl`: a command at the machine; `*`: refusals that were only counted")
    path: str = Field(description="what was asked for; after a creation (201) the address of what was made")
    status: int = Field(description="how it was answered")
    address: str | None = Field(description="where it came from; user and machine of a command")


class AuditList(Answer):
    """A page of the audit log."""

    items: list[AuditLine]
    next: str | None


@router.get("", operation_id="listAudit")
def list_audit(
    services: Services,
    limit: Limit = 100,
    cursor: Cursor = None,
    key: Annotated[Filter, Query(description="identifier or name of a key")] = None,
    method: Filter = None,
    path: Annotated[Filter, Query(description="text that the path holds")] = None,
    refused: Annotated[bool, Query(description="only what was answered with 400 or more")] = False,
) -> AuditList:
    """Who asked for what that may change something, newest first."""
    wanted = audit.Wanted(key=key, method=method, path=path, refused=refused)
    with services.db.read() as session:
        page = audit.entries(session, limit=limit, cursor=cursor, wanted=wanted)
    return AuditList.model_validate(page)
