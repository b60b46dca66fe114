"""API keys."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict, Field

from api.handlers import Threaded
from api.middleware.bodies import JSON_BODY
from api.middleware.security import ADMIN
from api.parameters import Cursor, Identifier, Limit, Text
from api.problems import problems
from api.schemas.answers import KeyAnswer, KeyList, key_answer
from api.state import Services
from store import keys

router = APIRouter(prefix="/v1/keys", tags=["keys"], dependencies=[ADMIN], route_class=Threaded)


class NewKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Text = Field(min_length=1, max_length=100, description="what it is for")
    scopes: list[Literal["read", "submit", "admin"]] = Field(default=["read", "submit"], min_length=1, max_length=3)


@router.post("", status_code=201, operation_id="createKey", dependencies=[JSON_BODY], responses=problems(413, 415))
def create_key(services: Services, response: Response, body: Annotated[NewKey, Body()]) -> KeyAnswer:
    """Make an API key; its secret is in this answer and nowhere else.

    The first key makes keys necessary, for good; `lpl key create` makes one with the scope admin at any time.
    """
    key, secret = services.db.write(lambda session: keys.create(session, name=body.name, scopes=body.scopes))
    services.keys.changed()
    response.headers["Location"] = f"/v1/keys/{key.id}"
    response.headers["Cache-Control"] = "no-store"
    return key_answer(key, secret)


@router.get("", operation_id="listKeys")
def list_keys(services: Services, limit: Limit = 50, cursor: Cursor = None) -> KeyList:
    """Keys, oldest first, without their secrets; revoked ones too."""
    with services.db.read() as session:
        page = keys.page_of_keys(session, limit=limit, cursor=cursor)
    return KeyList.model_validate(page)


@router.delete("/{key_id}", status_code=204, operation_id="revokeKey", responses=problems(404))
def revoke_key(services: Services, key_id: Identifier) -> None:
    """Make a key invalid; again is harmless."""
    services.db.write(lambda session: keys.revoke(session, key_id))
    services.keys.changed()
