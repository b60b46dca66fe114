"""Experiments of a study, each checked once before any is stored."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import lplcore
from api.services import submission
from store import datasets
from store.database.engine import Database
from store.settings import Settings

Spec = Mapping[str, Any]


class Planned(NamedTuple):
    """What an experiment would run, and on what."""

    spec: lplcore.ExperimentSpec
    plan: list[lplcore.RunPlan]
    info: lplcore.DatasetInfo
    registered: submission.Registered


class Checks:
    """Checks experiments as their submission does, and keeps what it found out."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db, self._settings = db, settings
        self._planned: dict[str, Planned] = {}

    @cached_property
    def registered(self) -> list[str]:
        """Names of all registered data sets."""
        with self._db.read() as session:
            return datasets.names(session)

    @property
    def runs(self) -> list[lplcore.RunPlan]:
        """The runs of all experiments that were planned."""
        return [run for each in self._planned.values() for run in each.plan]

    def planned(self, spec: Spec) -> Planned:
        """What an experiment would run.

        Raises:
            SpecError, DatasetError: with the field and the remedy.
        """
        key = submission.fingerprint(spec)
        if key not in self._planned:
            registered = submission.registered_datasets(self._db, spec)
            self._planned[key] = Planned(*submission.planned(self._settings, spec, registered), registered)
        return self._planned[key]

    def missing(self, spec: Spec) -> str | None:
        """What a right experiment lacks here, data or files, and what goes where; None: it can be trained."""
        try:
            self.planned(spec)
        except (lplcore.SpecError, lplcore.DatasetError) as error:
            return str(error)
        return None
