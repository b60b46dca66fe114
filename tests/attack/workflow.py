"""A Schemathesis state machine of the service: ids that it has given out go into the requests that follow."""

import contextlib
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, reject, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.generation.stateful import APIStateMachine
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import delete
from sqlalchemy.orm import Session

from store import metrics, queue
from store.database.records import Claim, Series
from store.database.tables import KeyRow, SweeperRow, Table
from store.errors import LeaseLost
from store.lifecycle import claims
from tests.api.service import SPEC, Running, claim, keep_checkpoint, record
from tests.attack.tally import Given, Tally
from tests.store.databases import reading, writing

STREAM_CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
)
CHECKS = (*STREAM_CHECKS, response_schema_conformance)
MAY_LACK = (
    "/class-metrics",
    "/confusion-matrix",
    "/calibration",
    "/class-report",
    "/most-wrong",
    "/content",
    "/export",
    "/predict",
    "/figures/{kind}.{form}",
)
"""Ends of paths that a job, run or checkpoint need not have."""
OUTCOMES = ("succeeded", "failed", "cancelled", "paused", "released")
WORKS_EVERY = 3
"""Requests after which the worker does something."""
STRANGE_EVERY = 4
"""Of requests with an id that nobody has given out, the share that keeps it."""
PREFIXES = {
    "job_id": "j_",
    "run_id": "r_",
    "study_id": "s_",
    "key_id": "k_",
    "checkpoint_id": "c_",
    "name": "set_",
    "webhook_id": "wh_",
}
ID, SERIES = "$response.body#/id", "test/accuracy"
RUN = "$response.body#/runs/0/id"
ITEM = "$response.body#/items/0/id"
ARCHIVE = {"dataset": {"name": "$response.body#/name"}, "method": "lpl", "batch_size": 16}
GIVES = {
    "job_id": (("submitJob", "getJob", "cancelJob"), ID),
    "run_id": (("submitJob", "getJob"), RUN),
    "checkpoint_id": (("listCheckpoints",), ITEM),
    "study_id": (("submitStudy", "getStudy", "cancelStudy"), ID),
}
"""Path parameters, the operations that give values for them, and where: links to every operation that has them."""
SERIES_OF = {"getClassMetrics", "getJobClassMetrics"}
"""Operations that are asked for a series that there is."""
LINKS: tuple[tuple[tuple[str, ...], str, dict[str, Any]], ...] = (
    (("getRun", "cancelRun"), "streamRunEvents", {"parameters": {"run_id": ID}}),
    (("submitJob",), "streamEvents", {"parameters": {"job": ID}}),
    (("listRuns",), "getClassMetrics", {"parameters": {"run_id": ITEM, "name": SERIES}}),
    (("getRun",), "getClassMetrics", {"parameters": {"run_id": ID, "name": SERIES}}),
    (("listJobs",), "getJob", {"parameters": {"job_id": ITEM}}),
    (("addDataset",), "submitJob", {"requestBody": ARCHIVE}),
)
"""More links that Schemathesis does not find by itself: operations, the one that follows, what flows."""
ASKS = "cancel|pause|resume|retry|extend|events"
PARTS = {
    "what is asked of jobs and runs": rf"^/v1/(jobs|runs)(/{{\w+}}(/(runs|{ASKS}))?)?$",
    "what jobs tell": rf"^/v1/jobs(/{{\w+}}(/(?!({ASKS})$).*)?)?$",
    "what runs record": rf"^/v1/(jobs(/{{\w+}})?|(runs|checkpoints)/{{\w+}}/(?!({ASKS})$).*)$",
    "data sets, keys and the jobs in their way": r"^/v1/(datasets|keys|jobs|jobs/{job_id}/(cancel|events))(/{\w+})?$",
    "what is asked of studies": r"^/v1/studies(/{\w+}(/(table|cancel|pause|resume|retry))?)?$",
    "webhooks and the jobs that they tell of": r"^/v1/(webhooks(/{\w+}(/(deliveries|test))?)?"
    r"|jobs(/{job_id}/cancel)?)$",
}
"""Paths by which requests follow each other; what is new below a job or a run is among them."""
ARRAYS = "small.npz"
MOST_WRONG = {"most_wrong": Series((1, 5), np.array([4, 1, 0, 0.5, 0.25], dtype="<f4").tobytes())}


def document(service: Running) -> Any:
    """The service's OpenAPI document, for Schemathesis."""
    raw = service.http.get("/openapi.json").json()
    operations = {each["operationId"]: each for path in raw["paths"].values() for each in path.values()}
    for sources, target, flow in (*links(raw), *LINKS):
        for responses in (operations[source]["responses"] for source in sources):
            status = next(code for code in responses if code.startswith("2"))
            responses[status].setdefault("links", {})[target] = {"operationId": target, **flow}
    made = schemathesis.openapi.from_dict(raw)
    made.config.update(base_url=service.url)
    return made


def links(raw: Any) -> Iterator[tuple[tuple[str, ...], str, dict[str, Any]]]:
    """Links to every operation on a resource from those that give it."""
    for path, operations in raw["paths"].items():
        for operation in (each["operationId"] for each in operations.values()):
            for name in GIVES.keys() & set(re.findall(r"{(\w+)}", path)):
                sources, value = GIVES[name]
                series = {"name": SERIES} if operation in SERIES_OF else {}
                yield sources, operation, {"parameters": {name: value, **series}}


def workflow(service: Running, tally: Tally, *, own_key: str, paths: str) -> type[APIStateMachine]:
    """The state machine of some paths. Half of its experiments and data sets can be, or most chains would not begin.

    Args:
        own_key: the id of the key that the requests carry; it is not revoked.
    """
    write_arrays(service.settings.datasets_dir / ARRAYS)
    found = document(service).include(path_regex=paths)
    found.hook("flatmap_body").apply_to(method="POST", path="/v1/jobs")(or_an_experiment)
    found.hook("flatmap_body").apply_to(method="POST", path="/v1/studies")(or_a_study)
    found.hook("flatmap_body").apply_to(method="POST", path="/v1/datasets")(or_a_data_set)
    found.hook("flatmap_body").apply_to(method="POST", path="/v1/webhooks")(or_a_webhook)
    given = {"service": service, "tally": tally, "own_key": own_key}
    return type("Workflow", (Attacker, found.as_state_machine()), given)


def write_arrays(path: Path) -> None:
    """A small data set."""
    labels = np.repeat([0, 1, 2], [30, 20, 10])
    x = np.zeros((len(labels), 5), dtype=np.uint8)
    np.savez(path, x_train=x, y_train=labels, x_test=x, y_test=labels)


def or_an_experiment(context: Any, body: Any) -> st.SearchStrategy[Any]:
    """The body, or an experiment that can be."""
    good = st.fixed_dictionaries(
        {
            "method": st.sampled_from(["lpl", "cross_entropy", "focal"]),
            "seeds": st.sampled_from([[0], [3, 1], [0, 1, 2]]),
        },
        optional={
            "name": st.text(max_size=20),
            "tags": st.lists(st.sampled_from("abc"), unique=True),
            "priority": st.integers(0, 9),
        },
    )
    return st.just(body) | good.map(lambda changes: SPEC | changes)


def or_a_study(context: Any, body: Any) -> st.SearchStrategy[Any]:
    """The body, or a study of one or two jobs that can be."""
    return st.just(body) | st.integers(1, 2).map(lambda n: {"name": "a table", "jobs": [SPEC] * n})


def or_a_data_set(context: Any, body: Any) -> st.SearchStrategy[Any]:
    """The body, or a data set that can be."""
    return st.just(body) | st.integers(0, 3).map(lambda n: {"name": f"set_{n}", "path": ARRAYS})


def or_a_webhook(context: Any, body: Any) -> st.SearchStrategy[Any]:
    """The body, or a webhook that can be where loopback is allowed; nobody listens there."""
    return st.just(body) | st.just({"url": "http://127.0.0.1:9/", "events": ["job.cancelled"]})


class Worker:
    """Takes runs and lets them end, each in another way."""

    def __init__(self, service: Running, outcomes: list[str]) -> None:
        self.service, self.outcomes = service, itertools.cycle(outcomes)
        self.held: Claim | None = None

    def act(self) -> None:
        """Take the next run and record all that a run can with a checkpoint, or end the run that is held."""
        if self.held is not None:
            with contextlib.suppress(LeaseLost):
                writing(self.service.db, claims.finish, self.held, outcome=next(self.outcomes))
            self.held = None
        elif reading(self.service.db, queue.run_counts)["queued"]:
            self.held = claim(self.service.db)
            for epoch in (1, 3):
                record(self.service.db, self.held, epoch)
            writing(self.service.db, metrics.record_epoch, self.held, epoch=2, epochs=3, metrics={}, series=MOST_WRONG)
            writing(self.service.db, claims.log, self.held, "info", "an epoch")
            keep_checkpoint(self.service.db, self.held, b"weights", self.service.settings.data_dir)


class Attacker(APIStateMachine):
    """Sends the requests of a scenario, checks the answers and counts. Every scenario begins anew, with one job."""

    service: ClassVar[Running]
    tally: ClassVar[Tally]
    own_key: ClassVar[str]

    def setup(self) -> None:
        """Forget the scenario before."""
        forget_everything(self.service, but_key=self.own_key)
        self.given = Given()
        self.given.note("POST /v1/jobs", self.service.submit())
        self.worker = Worker(self.service, list(OUTCOMES))
        self.asked = 0

    @initialize(outcomes=st.permutations(OUTCOMES))
    def employ(self, outcomes: list[str]) -> None:
        """How runs will end."""
        self.worker = Worker(self.service, outcomes)

    def before_call(self, case: Any) -> None:
        """Let the worker work; ask with ids that there are, mostly; spare the key that the requests carry."""
        self.asked += 1
        if self.asked % WORKS_EVERY == 0:
            self.worker.act()
        for name, value in (case.path_parameters or {}).items():
            known = [each for each in self.given.by if each.startswith(PREFIXES.get(name, "?"))]
            if value not in self.given.by and known and self.asked % STRANGE_EVERY:
                case.path_parameters[name] = known[self.asked % len(known)]
            if case.path_parameters[name] == self.own_key:
                case.path_parameters[name] = "k_spared"

    def get_call_kwargs(self, case: Any) -> dict[str, Any]:
        """What every request carries."""
        return {"headers": {"Authorization": self.service.http.headers["Authorization"]}, "timeout": 60}

    def call(self, case: Any, **kwargs: Any) -> Response:
        """The answer; of an event stream only its head."""
        return opened(case, **kwargs) if is_stream(case) else super().call(case, **kwargs)

    def after_call(self, response: Response, case: Any) -> None:
        """Count the answer, see that it fits those before it, and note the ids in it."""
        super().after_call(response, case)
        label, status = case.operation.label, response.status_code
        self.tally.statuses[status] += 1
        for value in (*(case.path_parameters or {}).values(), *(case.query or {}).values()):
            if isinstance(value, str) and value in self.given.by:
                self.tally.chained[self.given.by[value], label, status] += 1
                self.compare(case, status, value)
        if status < 300 and response.content and "json" in response.headers.get("content-type", [""])[0]:
            self.given.note(label, response.json())
        if status == 201:
            self.worker.act()

    def compare(self, case: Any, status: int, asked: str) -> None:
        """What is deleted is gone, and what was made is there."""
        if self.given.gone(asked) and status < 400:
            self.tally.note(case, f"{status} though it was deleted", asked)
        if not self.given.gone(asked) and status == 404 and not case.operation.path.endswith(MAY_LACK):
            self.tally.note(case, "404 though it was made", asked)
        if case.operation.method.lower() == "delete" and status == 204 and "/keys/" not in case.operation.path:
            self.given.delete(asked)  # a key that was revoked is still listed, and can be revoked again

    def validate_response(self, response: Response, case: Any, *args: Any, **kwargs: Any) -> None:
        """Check the answer by itself."""
        try:
            case.validate_response(response, checks=STREAM_CHECKS if is_stream(case) else CHECKS)
        except FailureGroup as group:
            self.tally.complain(case, group)

    def step(self, input: Any) -> Any:
        """One request; one without an answer ends the scenario."""
        try:
            return super().step(input)
        except requests.RequestException as error:
            self.tally.note(input.case, "no answer", repr(error))
            return reject()


def is_stream(case: Any) -> bool:
    """Whether the answer is an event stream."""
    return bool(case.operation.path.endswith("/events"))


def opened(case: Any, *, headers: Mapping[str, str], timeout: float, whole: bool = False) -> Response:
    """The answer to a request for an event stream; its body only where it is to be read as a `whole`, or is none."""
    asked = case.as_transport_kwargs(headers=dict(headers))
    with requests.request(**asked, stream=True, timeout=timeout, allow_redirects=False) as answer:
        return Response(
            status_code=answer.status_code,
            headers={name: answer.raw.headers.getlist(name) for name in answer.raw.headers},
            content=answer.content if whole or answer.status_code != 200 else b"",
            request=answer.request,
            elapsed=answer.elapsed.total_seconds(),
            verify=True,
        )


def forget_everything(service: Running, *, but_key: str) -> None:
    """Empty the tables."""

    def work(session: Session) -> None:
        for table in reversed(Table.metadata.sorted_tables):
            if table.name == KeyRow.__tablename__:
                session.execute(delete(KeyRow).where(KeyRow.id != but_key))
            elif table.name != SweeperRow.__tablename__:
                session.execute(delete(table))

    service.db.write(work)


def quiet(examples: int, **more: Any) -> settings:
    """The same cases every time, none of them sought for or kept."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
        **more,
    )
