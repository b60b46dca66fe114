"""Studies of experiments that somebody gives: a row per job, or per sweep point of one."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import Field

import lplcore
from api.parameters import Text
from api.services.comparison.labels import metric_title, point_label, point_method, told_apart
from api.services.studies.checks import Checks, Planned
from api.services.studies.making import MOST_JOBS, Draft, Maker
from api.services.submission import method_label
from lplcore import plugin
from lplcore.errors import MAX_REPORTED
from lplcore.plugin import Record
from store.lifecycle.results import GROUPS, MAIN

MAIN_OF = {"single_label": MAIN[0], "multi_label": MAIN[1]}


class OwnStudy(Record):
    """Experiments to be seen in one table."""

    name: Text = Field(min_length=1, max_length=200)
    jobs: list[dict[str, Any]] = Field(min_length=1, max_length=MOST_JOBS)


class Row(NamedTuple):
    """A row: the key of its job, its point where the job has several, label, method, metrics, published figures."""

    job: str
    point: Mapping[str, Any] | None
    label: str
    method: str
    metrics: list[str]
    published: Mapping[str, float]
    best: bool = False
    """Whether its point is the best of the job's search."""

    @property
    def cells(self) -> dict[str, dict[str, Any]]:
        """A cell for each metric."""
        of_job = {"job": self.job, "point": self.point, "best": self.best}
        return {name: {**of_job, "metric": name, "published": self.published.get(name)} for name in self.metrics}


def draft(request: OwnStudy, checks: Checks) -> Draft:
    """The table of given experiments.

    Raises:
        SpecError: with the place of every one that is wrong.
    """
    planned = all_planned(request.jobs, checks)
    rows = [row for key, each in planned.items() for row in rows_of(key, each, request.jobs[int(key)])]
    labels = told_apart([row.label for row in rows], [""] * len(rows))
    metrics = [f"{main}{group}" for main in MAIN for group in GROUPS]
    measured = {metric for row in rows for metric in row.metrics}
    return Draft(
        name=request.name,
        columns=[
            {"key": metric, "title": metric_title(metric), "metric": metric} for metric in metrics if metric in measured
        ],
        rows=[
            {"label": label, "method": row.method, "cells": row.cells} for label, row in zip(labels, rows, strict=True)
        ],
        jobs={str(number): spec for number, spec in enumerate(request.jobs)},
    )


def all_planned(specs: list[dict[str, Any]], checks: Checks) -> dict[str, Planned]:
    """Place -> what the experiment there would run.

    Raises:
        SpecError: with the place of every one that is wrong.
    """
    planned: dict[str, Planned] = {}
    errors: list[dict[str, str]] = []
    for number, spec in enumerate(specs):
        try:
            planned[str(number)] = checks.planned(spec)
        except lplcore.SpecError as error:
            errors += [{**each, "path": f"jobs.{number}.{each['path']}".rstrip(".")} for each in error.errors]
        except lplcore.DatasetError as error:
            errors.append({"path": f"jobs.{number}.dataset.{error.field}", "message": str(error)})
        if len(errors) >= MAX_REPORTED:
            break
    if errors:
        raise lplcore.SpecError(errors[:MAX_REPORTED])
    return planned


def rows_of(key: str, planned: Planned, data: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of an experiment; what was published of a preset stands beside it where it is one row."""
    spec, metrics = planned.spec, metrics_of(planned.info)
    if spec.search is not None:
        yield Row(key, None, spec.name, method_label(spec.method), metrics, {}, best=True)
        return
    points = {json.dumps(run.point, sort_keys=True, default=str): run.point for run in planned.plan}
    if len(points) == 1:
        published = plugin.get("preset", data["preset"]).published if "preset" in data else {}
        yield Row(key, None, spec.name, method_label(planned.plan[0].spec.method), metrics, published)
        return
    method = method_label(spec.method)
    for point in points.values():
        yield Row(key, point, f"{spec.name}: {point_label(point, method)}", point_method(point, method), metrics, {})


def metrics_of(info: lplcore.DatasetInfo) -> list[str]:
    """The main metrics of a data set's task: over all classes, and of its shot groups where there are several."""
    present = {info.shot_group(count) for count in info.class_counts}
    groups = [group for group in GROUPS if not group or (len(present) > 1 and group[1:] in present)]
    return [f"{MAIN_OF[info.task]}{group}" for group in groups]


OWN = Maker(OwnStudy, draft)
