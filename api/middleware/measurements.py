"""Prometheus metrics of one application: requests as they come, the queue when somebody looks."""

import time
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from store import queue, workers
from store.database.engine import Database
from store.errors import StoreError

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Every other is one label, whatever somebody invents."""
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Measurements:
    """The registry and what is counted in it."""

    def __init__(self, db: Database, *, silent_after: float) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "lpl_http_request_duration_seconds",
            "Time to the end of the answer; event streams are not counted",
            ["method", "route", "status"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        self.registry.register(QueueCollector(db, silent_after=silent_after))

    def text(self) -> bytes:
        """The metrics in Prometheus's text format."""
        return generate_latest(self.registry)


class QueueCollector(Collector):
    """Reads the queue from the database when the metrics are fetched."""

    def __init__(self, db: Database, *, silent_after: float) -> None:
        self._db, self._silent_after = db, silent_after

    def describe(self) -> Iterable[Metric]:
        """Nothing: describing must not ask the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Gauges of the queue, or only that the database is away."""
        up = GaugeMetricFamily("lpl_database_up", "1 where the database answers")
        try:
            gauges = list(self._queue())
        except StoreError:
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *gauges]

    def _queue(self) -> Iterable[Metric]:
        with self._db.read() as session:
            run_counts, job_counts = queue.run_counts(session), queue.job_counts(session)
            oldest_seconds = queue.oldest_waiting_seconds(session) or 0.0
            seen = workers.list_workers(session, silent_after=self._silent_after)
        runs = GaugeMetricFamily(
            "lpl_runs", "Runs by state; succeeded, failed and cancelled have ended", labels=["state"]
        )
        for state, number in run_counts.items():
            runs.add_metric([state], number)
        jobs = GaugeMetricFamily("lpl_jobs", "Jobs by state", labels=["state"])
        for state, number in job_counts.items():
            jobs.add_metric([state], number)
        oldest = GaugeMetricFamily("lpl_queue_oldest_seconds", "Age of the run that has waited longest, 0 if none")
        oldest.add_metric([], oldest_seconds)
        living = GaugeMetricFamily("lpl_workers_alive", "Workers that have reported lately")
        living.add_metric([], sum(worker.alive for worker in seen))
        return [runs, jobs, oldest, living]


class Stopwatch:
    """ASGI middleware: counts and times requests by route."""

    def __init__(self, app: ASGIApp, *, measurements: Measurements) -> None:
        self.app, self.measurements = app, measurements

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, began, streaming = 500, time.perf_counter(), False

        async def note(message: Message) -> None:
            nonlocal status, streaming
            if message["type"] == "http.response.start":
                status = message["status"]
                streaming = any(value.startswith(b"text/event-stream") for _, value in message["headers"])
            await send(message)

        try:
            await self.app(scope, receive, note)
        finally:
            if not streaming:
                seconds = time.perf_counter() - began
                method = scope["method"] if scope["method"] in METHODS else "other"
                self.measurements.requests.labels(method, route_of(scope), status).observe(seconds)


def route_of(scope: Scope) -> str:
    """The route's template: unknown addresses are one label, whatever somebody tries."""
    return str(getattr(scope.get("route"), "path", None) or "other")
