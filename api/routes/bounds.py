"""LPL's bounds over the classes, for a form whose sliders move."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Body

from api.handlers import Threaded
from api.late import late
from api.middleware.bodies import JSON_BODY
from api.middleware.security import READ
from api.problems import problems
from api.schemas.bounds import BOUNDS_EXAMPLE, BoundsAnswer, BoundsQuestion
from api.state import Services

if TYPE_CHECKING:
    from api.services import bounds
else:
    bounds = late("api.services.bounds")

router = APIRouter(prefix="/v1", tags=["catalog"], dependencies=[READ], route_class=Threaded)
Question = Annotated[BoundsQuestion, Body(openapi_examples={"four classes": {"value": BOUNDS_EXAMPLE}})]


@router.post("/bounds", operation_id="getBounds", dependencies=[JSON_BODY], responses=problems(413, 415))
def class_bounds(services: Services, body: Question) -> BoundsAnswer:
    """LPL's sign, bound and steps for every class, by class counts or by a data set; nothing is stored or trained."""
    return bounds.answer_of(services.db, services.settings, body)
