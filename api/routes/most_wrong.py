"""The test examples that a run gets most wrong, and test examples as people see them."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.conditional import NOT_MODIFIED, Cached
from api.handlers import Threaded
from api.late import late
from api.middleware.security import READ
from api.parameters import MAX_INT, Identifier
from api.problems import problems, refusal
from api.schemas.most_wrong import MostWrong, ShownExamples
from api.state import Services
from store import metrics
from store.errors import NotFound
from store.lifecycle import runs

if TYPE_CHECKING:
    from api.services import series, shown_examples
else:
    series, shown_examples = late("api.services.series"), late("api.services.shown_examples")

router = APIRouter(
    prefix="/v1/runs", tags=["results"], dependencies=[READ], responses=problems(404), route_class=Threaded
)
MOST_SHOWN = 50
FIELDS = ("index", "true", "predicted", "probability", "true_probability")


@router.get("/{run_id}/most-wrong", operation_id="getMostWrong", responses=NOT_MODIFIED)
def get_most_wrong(
    services: Services,
    cached: Cached,
    run_id: Identifier,
    true: Annotated[
        int | None, Query(alias="class", ge=0, le=MAX_INT, description="place of a class; without it all")
    ] = None,
) -> MostWrong:
    """Test examples with the lowest probability of their true class after the last epoch, class by class.

    Of runs on single-label data; an example that is predicted right is among them where its class has few wrong ones.
    """
    with services.db.read() as session:
        run = runs.get(session, run_id)
        cached.check(run.id, run.version)
        newest = metrics.newest(session, run_id, metrics.MOST_WRONG)
    classes = series.classes_of(run)["classes"]
    if true is not None and classes and true >= len(classes):
        raise refusal([{"path": "class", "message": f"the classes are 0 to {len(classes) - 1}"}])
    if newest is None:
        raise NotFound(f"run {run_id} has no such examples: they come with the last epoch, of single-label data")
    epoch, array = newest
    rows = [dict(zip(FIELDS, row, strict=True)) for row in series.rows(array)]
    examples = [row for row in rows if true is None or row["true"] == true]
    return MostWrong.model_validate({"classes": classes, "epoch": epoch, "examples": examples})


@router.get("/{run_id}/test-examples", operation_id="getTestExamples", responses={**NOT_MODIFIED, **problems(409, 503)})
def get_test_examples(
    services: Services,
    cached: Cached,
    run_id: Identifier,
    index: Annotated[
        list[Annotated[int, Field(ge=0, le=MAX_INT)]],
        Query(min_length=1, max_length=MOST_SHOWN, description="places in the test split, from 0"),
    ],
) -> ShownExamples:
    """Examples of the test split that a run is tested on: small images, or the first values."""
    source = shown_examples.source_of(services.db, run_id)
    cached.check(run_id, source.run.version)
    return ShownExamples.model_validate_json(shown_examples.shown(services.settings, source, index))
