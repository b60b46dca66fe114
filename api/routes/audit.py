"""The audit log."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.middleware.security import ADMIN
from api.parameters import Cursor, Limit
from api.schemas.answers import at
from api.state import Services
from store import audit

router = APIRouter(prefix="/v1/audit", tags=["keys"], dependencies=[ADMIN])


class AuditLine(BaseModel):
    """A request that may have changed something."""

    at: datetime
    key: str | None = Field(description="id of the API key, null where none was given or needed")
    key_name: str | None
    method: str = Field(description="`lpl`: a command at the machine; `*`: refusals that were only counted")
    path: str = Field(description="what was asked for; after a creation (201) the address of what was made")
    status: int = Field(description="how it was answered")
    address: str | None = Field(description="where it came from; user and machine of a command")


class AuditList(BaseModel):
    """A page of the audit log."""

    items: list[AuditLine]
    next: str | None


@router.get("", operation_id="listAudit")
def list_audit(services: Services, limit: Limit = 100, cursor: Cursor = None) -> AuditList:
    """Who asked for what that may change something, newest first."""
    with services.db.read() as session:
        page = audit.entries(session, limit=limit, cursor=cursor)
    lines = [
        AuditLine(
            at=at(entry.at),
            key=entry.key_id,
            key_name=entry.key_name,
            method=entry.method,
            path=entry.path,
            status=entry.status,
            address=entry.address,
        )
        for entry in page.items
    ]
    return AuditList(items=lines, next=page.next)
