"""A server that keeps what MLflow's routes are sent, by MLflow's rules, and can be told to fail."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from json import loads
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.client.scripted import Asked, Reply, scripted

NAME = re.compile(r"[\w.\-/ :]+", re.ASCII)
PREFIX = "/api/2.0/mlflow/"


class Refusal(Exception):
    """What the server answers in place of a result."""

    def __init__(self, status: int, code: str) -> None:
        self.reply = Reply({"error_code": code, "message": f"{code} in words"}, status)


@dataclass
class Run:
    """A run as the server has it."""

    experiment: str
    name: str
    start_time: int
    tags: dict[str, str]
    params: dict[str, str] = field(default_factory=dict)
    metrics: set[tuple[str, int, int, float]] = field(default_factory=set)
    """(name, step, time, value), each kept once."""
    status: str = "RUNNING"
    end_time: int | None = None
    deleted: bool = False

    def latest(self) -> dict[tuple[str, int], float]:
        """The value recorded last at every step."""
        return {(name, step): value for name, step, _, value in sorted(self.metrics, key=lambda each: each[2])}


@dataclass
class Kept:
    """All that was sent; `failing` answers every request while it is set."""

    url: str = ""
    experiments: list[str] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    failing: Reply | None = None

    def run(self, run_id: str) -> Run:
        """The only run that mirrors this one."""
        (found,) = (run for run in self.runs.values() if run.tags.get("lpl.run") == run_id)
        return found

    def answer(self, asked: Asked) -> Reply:
        """A route's answer."""
        parts = urlsplit(asked.path)
        self.tokens.add(asked.headers.get("Authorization"))
        if self.failing is not None:
            return self.failing
        route = parts.path.removeprefix(PREFIX)
        self.requests.append(route)
        body = loads(asked.body) if asked.body else {name: values[0] for name, values in parse_qs(parts.query).items()}
        try:
            return Reply(getattr(self, re.sub(r"\W", "_", route))(body))
        except Refusal as refusal:
            return refusal.reply

    def experiments_get_by_name(self, body: Any) -> Any:
        if body["experiment_name"] not in self.experiments:
            raise Refusal(404, "RESOURCE_DOES_NOT_EXIST")
        return {"experiment": {"experiment_id": str(self.experiments.index(body["experiment_name"]))}}

    def experiments_create(self, body: Any) -> Any:
        if body["name"] in self.experiments:
            raise Refusal(400, "RESOURCE_ALREADY_EXISTS")
        self.experiments.append(body["name"])
        return {"experiment_id": str(self.experiments.index(body["name"]))}

    def runs_search(self, body: Any) -> Any:
        wanted = re.fullmatch(r"tags\.`(.+)` = '(.+)'", body["filter"])
        assert wanted is not None
        (experiment,) = body["experiment_ids"]
        found = [
            run_id
            for run_id, run in self.runs.items()
            if self.experiments[int(experiment)] == run.experiment and run.tags.get(wanted[1]) == wanted[2]
        ]
        return {"runs": [self.as_answer(run_id) for run_id in found[: body["max_results"]]]} if found else {}

    def runs_create(self, body: Any) -> Any:
        run_id = f"{len(self.runs):032x}"
        experiment = self.experiments[int(body["experiment_id"])]
        tags = {tag["key"]: tag["value"] for tag in body["tags"]}
        self.runs[run_id] = Run(experiment, body["run_name"], body["start_time"], tags)
        return {"run": self.as_answer(run_id)}

    def runs_log_batch(self, body: Any) -> Any:
        run = self.active(body["run_id"])
        for kind, most in (("metrics", 1000), ("params", 100), ("tags", 100)):
            if len(body[kind]) > most or not all(NAME.fullmatch(each["key"]) for each in body[kind]):
                raise Refusal(400, "INVALID_PARAMETER_VALUE")
        for param in body["params"]:
            if run.params.setdefault(param["key"], param["value"]) != param["value"]:
                raise Refusal(400, "INVALID_PARAMETER_VALUE")
        run.tags |= {tag["key"]: tag["value"] for tag in body["tags"]}
        run.metrics |= {(each["key"], each["step"], each["timestamp"], each["value"]) for each in body["metrics"]}
        return {}

    def runs_update(self, body: Any) -> Any:
        run = self.active(body["run_id"])
        run.status, run.end_time = body["status"], body.get("end_time")
        return {}

    def active(self, run_id: str) -> Run:
        if run_id not in self.runs:
            raise Refusal(404, "RESOURCE_DOES_NOT_EXIST")
        if self.runs[run_id].deleted:
            raise Refusal(400, "INVALID_PARAMETER_VALUE")
        return self.runs[run_id]

    def as_answer(self, run_id: str) -> Any:
        params = [{"key": key, "value": value} for key, value in self.runs[run_id].params.items()]
        return {"info": {"run_id": run_id}, "data": {"params": params}}


@contextmanager
def tracking_server() -> Iterator[Kept]:
    """Such a server on a free port."""
    kept = Kept()
    with scripted(kept.answer) as server:
        kept.url = server.url
        yield kept
