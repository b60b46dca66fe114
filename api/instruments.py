"""Prometheus instruments of one API process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from store import queue, workers
from store.database import Database


class Instruments:
    """Request counts and durations, and the queue as of each scrape."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self.requests = Counter("lpl_http_requests_total", "Requests answered", labels, registry=self.registry)
        self.seconds = Histogram(
            "lpl_http_request_seconds", "Time to answer", ["method", "route"], registry=self.registry
        )
        self.runs = Gauge("lpl_runs", "Runs by state", ["state"], registry=self.registry)
        self.jobs = Gauge("lpl_jobs", "Jobs by state", ["state"], registry=self.registry)
        self.workers = Gauge("lpl_workers", "Workers seen within a lease", registry=self.registry)
        self.oldest = Gauge("lpl_queue_oldest_seconds", "Age of the run that waits longest", registry=self.registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)

    def scrape(self, db: Database, *, silent_after: float) -> bytes:
        """The text exposition."""
        for state, number in queue.run_counts(db).items():
            self.runs.labels(state).set(number)
        for state, number in queue.job_counts(db).items():
            self.jobs.labels(state).set(number)
        self.workers.set(sum(w.alive for w in workers.list_workers(db, silent_after=silent_after)))
        self.oldest.set(queue.oldest_waiting_seconds(db) or 0.0)
        return generate_latest(self.registry)
