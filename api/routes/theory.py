"""The paper's theorems and corollaries: closed form and Monte Carlo curves of Fig. 3 to 6."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query

from api.late import late
from api.middleware.security import READ
from api.problems import problems
from api.schemas.theory import TheoryAnswer

if TYPE_CHECKING:
    from api.services import theory
else:
    theory = late("api.services.theory")

router = APIRouter(prefix="/v1", tags=["catalog"], dependencies=[READ])
Scale = Annotated[float | None, Query(ge=1e-6, le=1e6, description="instead of the figure's")]
Ratio = Annotated[float | None, Query(ge=1, le=1e6, description="instead of the figure's")]


@router.get("/theory/{theorem}", operation_id="getTheory", responses=problems(404))
def theorem(
    theorem: str,
    gamma: Ratio = None,
    dimension: Annotated[int | None, Query(ge=1, le=50, description="instead of the figure's")] = None,
    eta: Scale = None,
    sigma: Scale = None,
    variance_ratio: Ratio = None,
    epsilon: Scale = None,
    points: Annotated[int, Query(ge=2, le=1001, description="points of a curve")] = 51,
    samples: Annotated[int, Query(ge=1, le=100_000, description="drawn examples of each class")] = 20_000,
    seed: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> TheoryAnswer:
    """Curves of theorem 1 (Fig. 3), 2 (Fig. 4) or 3 (Fig. 5 and 6): errors, validity, corollaries, drawn examples."""
    requested = {"gamma": gamma, "dimension": dimension, "eta": eta, "sigma": sigma, "variance_ratio": variance_ratio}
    changes = {name: value for name, value in requested.items() if value is not None}
    return theory.answer_of(theorem, points=points, epsilon=epsilon, changes=changes, samples=samples, seed=seed)
