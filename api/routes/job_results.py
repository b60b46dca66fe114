"""What the runs of a job have measured, many runs in one request: a page needs as many requests for 300 as for 3."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query

from api.conditional import NOT_MODIFIED, Cached
from api.handlers import Threaded
from api.late import late
from api.middleware.security import READ
from api.parameters import AfterEpoch, Cursor, Epoch, Identifier, Limit, Names, Text, names_of
from api.problems import problems
from api.schemas.results import (
    JobCalibrations,
    JobClassMetrics,
    JobLossVariations,
    JobMetrics,
    RunCalibration,
    RunClassSeries,
    RunMetrics,
    RunVariations,
)
from api.state import Services
from store import job_results, jobs
from store.database.records import Run
from store.metrics import CALIBRATION

if TYPE_CHECKING:
    from api.services import series
else:
    series = late("api.services.series")

router = APIRouter(
    prefix="/v1/jobs", tags=["results"], dependencies=[READ], responses=problems(404), route_class=Threaded
)


@router.get("/{job_id}/metrics", operation_id="getJobMetrics", responses=NOT_MODIFIED)
def get_metrics(
    services: Services,
    cached: Cached,
    job_id: Identifier,
    names: Names = None,
    after_epoch: AfterEpoch = 0,
    limit: Limit = 1000,
    cursor: Cursor = None,
) -> JobMetrics:
    """Scalars per epoch of many runs of a job in one request, in the order of its runs.

    A page may end before `limit` where its runs have very many values; `next` goes on.
    """
    with services.db.read() as session:
        job = jobs.get(session, job_id)
        cached.check(job.id, job.version)
        page = job_results.metrics(
            session, job_id, names=names_of(names), after_epoch=after_epoch, limit=limit, cursor=cursor
        )
    return JobMetrics(items=[RunMetrics(run=run.id, metrics=curves) for run, curves in page.items], next=page.next)


@router.get(
    "/{job_id}/loss-variations",
    operation_id="getJobLossVariations",
    response_model_exclude_unset=True,
    responses=NOT_MODIFIED,
)
def get_loss_variations(
    services: Services,
    cached: Cached,
    job_id: Identifier,
    epoch: Epoch = None,
    after_epoch: AfterEpoch = 0,
    limit: Limit = 1000,
    cursor: Cursor = None,
) -> JobLossVariations:
    """Relative loss variation of many runs of a job in one request; of one epoch, or of all after one."""
    with services.db.read() as session:
        job = jobs.get(session, job_id)
        cached.check(job.id, job.version)
        page = job_results.series(
            session, job_id, series.VARIATIONS, epoch=epoch, after_epoch=after_epoch, limit=limit, cursor=cursor
        )
    items = [
        RunVariations(run=run.id, **series.classes_of(run), **series.variations(arrays)) for run, arrays in page.items
    ]
    return JobLossVariations(items=items, next=page.next)


@router.get("/{job_id}/class-metrics", operation_id="getJobClassMetrics", responses=NOT_MODIFIED)
def get_class_metrics(
    services: Services,
    cached: Cached,
    job_id: Identifier,
    name: Annotated[Text, Query(max_length=100, description="for instance test/accuracy or lpl/q")],
    epoch: Epoch = None,
    after_epoch: AfterEpoch = 0,
    limit: Limit = 1000,
    cursor: Cursor = None,
) -> JobClassMetrics:
    """A per-class series of many runs of a job in one request, under `values`; empty for runs that lack it."""
    with services.db.read() as session:
        job = jobs.get(session, job_id)
        cached.check(job.id, job.version)
        page = job_results.series(
            session, job_id, [name], epoch=epoch, after_epoch=after_epoch, limit=limit, cursor=cursor
        )
    items = [
        RunClassSeries(run=run.id, **series.classes_of(run), **series.by_epoch("values", arrays.get(name, {})))
        for run, arrays in page.items
    ]
    return JobClassMetrics(name=name, items=items, next=page.next)


@router.get("/{job_id}/calibration", operation_id="getJobCalibration", responses=NOT_MODIFIED)
def get_calibration(
    services: Services, cached: Cached, job_id: Identifier, limit: Limit = 1000, cursor: Cursor = None
) -> JobCalibrations:
    """Calibration of many runs of a job in one request; runs that have none have no bins."""
    with services.db.read() as session:
        job = jobs.get(session, job_id)
        cached.check(job.id, job.version)
        page = job_results.calibrations(session, job_id, limit=limit, cursor=cursor)
    return JobCalibrations(items=[calibrated(run, arrays) for run, arrays in page.items], next=page.next)


def calibrated(run: Run, arrays: job_results.ByEpoch) -> RunCalibration:
    """A run's calibration of its newest epoch that has one."""
    by_epoch = arrays.get(CALIBRATION)
    if not by_epoch:
        return RunCalibration(run=run.id, epoch=None, bins=[])
    epoch = max(by_epoch)
    return RunCalibration(run=run.id, epoch=epoch, bins=series.calibration(by_epoch[epoch]))
