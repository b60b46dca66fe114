"""The part of MLflow's REST interface that a mirror needs: plain JSON, for which no package of MLflow's is needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from api.mirroring.refusals import Refused, ServerAway

TIMEOUT = httpx.Timeout(20, connect=5)
FOR_GOOD = frozenset(
    {"INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS", "INVALID_STATE", "BAD_REQUEST"}
)
"""Error codes of requests that would fail again."""
REMEDIES = {
    401: "; set LPL_MLFLOW_TOKEN",
    403: "; see what LPL_MLFLOW_TOKEN may do, and the server's --allowed-hosts",
    404: "; is LPL_MLFLOW_URL the address of an MLflow server?",
}
LONGEST_REASON = 300
RUN_TAG = "lpl.run"


@dataclass(frozen=True)
class RemoteRun:
    """A run on the server; `params` are the names of its params."""

    id: str
    params: frozenset[str]


class TrackingServer:
    """A connection to an MLflow server.

    Every method raises `Refused` where the server will refuse it again, and `ServerAway` where it may not.
    """

    def __init__(self, url: str, token: str | None) -> None:
        self._token = token
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=f"{url}/api/2.0/mlflow/", headers=headers, timeout=TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def experiment(self, name: str) -> str:
        """The id of the experiment of this name, made where there is none."""
        try:
            answer = self._ask("GET", "experiments/get-by-name", params={"experiment_name": name})
            return str(answer["experiment"]["experiment_id"])
        except Refused as refusal:
            if refusal.code != "RESOURCE_DOES_NOT_EXIST":
                raise
        try:
            return str(self._ask("POST", "experiments/create", {"name": name})["experiment_id"])
        except Refused as refusal:
            if refusal.code != "RESOURCE_ALREADY_EXISTS":
                raise
            raise ServerAway("made the same experiment for somebody else at this moment") from refusal

    def find_run(self, experiment_id: str, run_id: str) -> RemoteRun | None:
        """The run that mirrors one of ours: one whose making was answered to nobody is not made again."""
        query = {
            "experiment_ids": [experiment_id],
            "filter": f"tags.`{RUN_TAG}` = '{run_id}'",
            "run_view_type": "ALL",
            "max_results": 1,
        }
        found = self._ask("POST", "runs/search", query).get("runs") or []
        return remote_run(found[0]) if found else None

    def create_run(self, experiment_id: str, *, name: str, started_at: int, tags: Mapping[str, str]) -> RemoteRun:
        """A new run; times are in milliseconds."""
        body = {"experiment_id": experiment_id, "run_name": name, "start_time": started_at, "tags": pairs(tags)}
        return remote_run(self._ask("POST", "runs/create", body)["run"])

    def log(
        self,
        remote_id: str,
        *,
        metrics: Sequence[Mapping[str, Any]] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Add to a run: at most 1000 metrics, 100 params and 100 tags at once."""
        body = {"run_id": remote_id, "metrics": metrics, "params": pairs(params or {}), "tags": pairs(tags or {})}
        self._ask("POST", "runs/log-batch", body)

    def update(self, remote_id: str, *, status: str, ended_at: int | None) -> None:
        """Say how a run stands."""
        body = {"run_id": remote_id, "status": status, **({} if ended_at is None else {"end_time": ended_at})}
        self._ask("POST", "runs/update", body)

    def _ask(
        self, method: str, path: str, body: Any = None, *, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, json=body, params=params)
        except httpx.HTTPError as error:
            reason = f"{type(error).__name__}: {error}".replace(self._token or "\0", "***")
            raise ServerAway(f"does not answer ({reason[:LONGEST_REASON]})") from error
        answer = decoded(response)
        if response.is_success and answer is not None:
            return answer
        code = str((answer or {}).get("error_code"))
        if response.status_code in (400, 404) and code in FOR_GOOD:
            raise Refused(code, str((answer or {}).get("message"))[:LONGEST_REASON])
        kind = "" if answer is not None else ", not in JSON"
        raise ServerAway(f"answers {response.status_code}{kind}{REMEDIES.get(response.status_code, '')}")


def decoded(response: httpx.Response) -> dict[str, Any] | None:
    """The object that was answered, None where it is something else."""
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def remote_run(run: Mapping[str, Any]) -> RemoteRun:
    """A run of an answer."""
    params = (run.get("data") or {}).get("params") or []
    return RemoteRun(str(run["info"]["run_id"]), frozenset(str(param["key"]) for param in params))


def pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Names and values as MLflow takes them."""
    return [{"key": key, "value": value} for key, value in values.items()]
