"""What there is: plug-ins and the schema of experiments."""

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from api.late import late
from api.middleware.security import READ

if TYPE_CHECKING:
    from api.services import catalog as entries
else:
    entries = late("api.services.catalog")

router = APIRouter(prefix="/v1", tags=["catalog"], dependencies=[READ])


@router.get("/catalog", operation_id="getCatalog")
def catalog() -> dict[str, list[dict[str, Any]]]:
    """Methods, losses, perturbations, models, data sets, presets and all other plug-ins, with their parameters.

    Of what changes a training each has its `formula` (simple TeX without delimiters), its `effect` on head and tail
    classes and `advice` on when to take it; elsewhere these are empty. A number of a `schema` may have a `slider`:
    least and largest value and step of what a form offers, within what is accepted.
    """
    return entries.listed()


@router.get("/schema/experiment", operation_id="getExperimentSchema")
def schema() -> dict[str, Any]:
    """JSON schema of a complete experiment."""
    return entries.experiment_schema()
