"""The service from Python: `from client import Client`."""

from collections.abc import Iterator
from types import TracebackType
from typing import Self

from client import streams
from client.answers import Event, Job, Run
from client.calls.catalog import CatalogCalls
from client.calls.class_reports import ClassReportCalls
from client.calls.comparing import CompareCalls
from client.calls.exporting import ExportCalls
from client.calls.finding import NOT_FOUND, WHOLE_ID
from client.calls.following import FollowCalls
from client.calls.predicting import PredictCalls
from client.calls.request import at
from client.calls.studies import StudyCalls
from client.calls.webhooks import WebhookCalls
from client.errors import ApiError
from client.studies import Study
from client.transport import Transport

PAGES = {"j_": "jobs", "r_": "runs", "s_": "studies"}
"""Beginning of an id -> place in the dashboard."""


class Client(
    FollowCalls,
    PredictCalls,
    CompareCalls,
    ClassReportCalls,
    ExportCalls,
    CatalogCalls,
    StudyCalls,
    WebhookCalls,
):
    """A connection to the service; use it as a context manager or call `close`.

    Requests that can safely be repeated are repeated with growing pauses while the service or its database is away.

    Args:
        url: the service's address; LPL_URL, or http://127.0.0.1:8000.
        key: an API key; LPL_API_KEY, or the file that LPL_API_KEY_FILE names. None is needed on loopback by default.
        timeout_seconds: longest wait for one answer; data sets that the service reads first may take an hour.
        retry_seconds: how long to go on trying; 0 tries once.

    Raises:
        ValueError: an address or a key that cannot be one.

    Every method raises `ApiError` where the service refuses and `ServiceUnreachable` where nothing answers.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout_seconds: float = 30.0,
        retry_seconds: float = 15.0,
    ) -> None:
        super().__init__(Transport(url, key=key, timeout_seconds=timeout_seconds, retry_seconds=retry_seconds))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    @property
    def url(self) -> str:
        """The service's address."""
        return self._transport.url

    def page(self, of: Job | Run | Study | None = None) -> str:
        """The address of the dashboard, or of a job's, a run's or a study's page in it."""
        place = "" if of is None else f"#/{PAGES.get(of.id[:2], 'jobs')}/{of.id}"
        return f"{self.url}/{place}"

    def events(
        self, *, job: str | Job | None = None, run: str | Run | None = None, last_event_id: str | None = None
    ) -> Iterator[Event]:
        """Events as they happen, of everything, a job or a run; a broken stream is taken up where it was."""
        params = {"job": job.id if isinstance(job, Job) else job, "run": run.id if isinstance(run, Run) else run}
        try:
            yield from streams.follow(self._transport, at("events"), params=params, last_event_id=last_event_id)
        except ApiError as error:
            named = {key: text for key, text in params.items() if text and not WHOLE_ID.fullmatch(text)}
            if error.status != NOT_FOUND or not named:
                raise
            params |= {key: (self.find_job if key == "job" else self.find_run)(text) for key, text in named.items()}
            yield from streams.follow(self._transport, at("events"), params=params, last_event_id=last_event_id)
