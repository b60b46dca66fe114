"""Telling a tracking server what has happened to runs. Told twice, it has the same as told once."""

import logging
from collections.abc import Callable
from itertools import islice
from typing import TypeVar

from api.mirroring import translation
from api.mirroring.refusals import Refused
from api.mirroring.tracking import TrackingServer
from store.lifecycle.states import ENDED, State
from store.mirrors import JobFacts, News, RunNews

METRICS_AT_ONCE = 1000
"""More are refused."""
REMEMBERED = 1000
T = TypeVar("T")
log = logging.getLogger(__name__)


class Delivery:
    """Tells a server the news.

    Args:
        server: whom to tell.
        go_on: called before every request; raises where this process must stop.
    """

    def __init__(self, server: TrackingServer, go_on: Callable[[], None]) -> None:
        self._server, self._go_on = server, go_on
        self._experiments: dict[str, str] = {}
        self._refused: dict[str, None] = {}

    def deliver(self, news: News) -> dict[str, str]:
        """Tell all of it; returns the ids there of runs that are new there. What the server refuses is left out.

        Raises:
            ServerAway: not all of it could be told; tell it again.
        """
        remote_ids: dict[str, str] = {}
        for told in news.runs:
            try:
                remote_id = told.remote_id
                if remote_id is None:
                    remote_id = remote_ids[told.run.id] = self._remote_id(told)
                self._tell(told, remote_id)
            except Refused as refusal:
                self._note(told.run.id, refusal)
        return remote_ids

    def _remote_id(self, told: RunNews) -> str:
        """The id of the run there, which is made and described where it is not there yet."""
        experiment, run = self._experiment(told.job), told.run
        self._go_on()
        remote = self._server.find_run(experiment, run.id)
        if remote is None:
            self._go_on()
            began = translation.milliseconds(run.started_at or run.created_at)
            tags, name = translation.tags_of(run, told.job), translation.name_of(run)
            remote = self._server.create_run(experiment, name=name, started_at=began, tags=tags)
        params = translation.params_of(run, told.job)
        if missing := {name: value for name, value in params.items() if name not in remote.params}:
            self._go_on()
            self._server.log(remote.id, params=missing)
        return remote.id

    def _experiment(self, job: JobFacts) -> str:
        name = translation.experiment_of(job)
        if name not in self._experiments:
            self._go_on()
            remember(self._experiments, name, self._server.experiment(name))
        return self._experiments[name]

    def _tell(self, told: RunNews, remote_id: str) -> None:
        metrics = translation.metrics_of(told.events)
        while some := list(islice(metrics, METRICS_AT_ONCE)):
            self._go_on()
            self._server.log(remote_id, metrics=some)
        if any(event.kind == "state" for event in told.events):
            self._tell_state(told, remote_id)

    def _tell_state(self, told: RunNews, remote_id: str) -> None:
        """How the run stands by now, which its last event may not say yet: a later one says it again."""
        run = told.run
        self._go_on()
        self._server.log(remote_id, tags=translation.state_of(run))
        self._go_on()
        over = run.finished_at if run.state in ENDED else None
        ended_at = None if over is None else translation.milliseconds(over)
        self._server.update(remote_id, status=translation.STATUS[State(run.state)], ended_at=ended_at)

    def _note(self, run_id: str, refusal: Refused) -> None:
        """Log a refusal, once a run; experiments may have changed."""
        self._experiments.clear()
        if run_id not in self._refused:
            log.warning("run %s is not mirrored further: MLflow refuses (%s)", run_id, refusal)
        remember(self._refused, run_id, None)


def remember(memory: dict[str, T], name: str, value: T) -> None:
    """Keep a value, and forget the oldest of many."""
    memory[name] = value
    if len(memory) > REMEMBERED:
        del memory[next(iter(memory))]
