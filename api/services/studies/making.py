"""What makes studies: each kind turns a request into a table, and into the experiments that fill it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.services.studies.checks import Checks
from lplcore.plugin import Record
from store.database.engine import Session
from store.database.records import Study

MOST_JOBS = 500
"""Jobs of a study."""
Answering = Callable[[Session, Study], Mapping[str, Any]]
"""What a study that has ended found, `{"text", "spec", "pairs"}` at least, read in one snapshot."""


@dataclass(frozen=True)
class Draft:
    """A study whose jobs have not been stored, in plain JSON.

    Attributes:
        columns: `{"key", "title", "metric"}` each.
        rows: `{"label", "method", "cells": {column's key: cell}}` each. A cell has `metric`, perhaps `published`, and
            one of: `job`, the key of its job, with the sweep `point` where that has several, or with `best` where it is
            that of a search's best point; `missing`, why nothing is
            trained for it; `derived`, `{"row", "minus"}`, labels of rows whose cells of the column it is the
            difference of.
        jobs: key -> experiment, as it is submitted.
        citation: of the published figures.
        figure: what is drawn of every job, a kind of `/v1/jobs/{id}/figures`.
    """

    name: str
    columns: Sequence[Mapping[str, Any]]
    rows: Sequence[Mapping[str, Any]]
    jobs: Mapping[str, Mapping[str, Any]]
    notes: Sequence[str] = ()
    citation: str = ""
    figure: str | None = None


@dataclass(frozen=True)
class Maker:
    """How one kind of study is made.

    Attributes:
        request: what asks for it.
        draft: its table and its experiments. It raises SpecError and DatasetError.
        answer: of a preset that gives an answer.
    """

    request: type[Record]
    draft: Callable[[Any, Checks], Draft]
    answer: Answering | None = None
