"""When the service says that it is ready."""

import pytest
from sqlalchemy import text

from store import workers
from tests.api.service import Running
from tests.store.databases import writing


def joined(service: Running, consumer: str | None) -> str:
    """A worker that has just given a sign of life."""
    made = writing(service.db, workers.register, hostname="h", pid=1, device="cpu", device_name="CPU", version="1")
    writing(service.db, workers.beat, made, consumer=consumer)
    return made


def test_readiness_knows_dead_consumers(service: Running) -> None:
    ready = service.http.get
    joined(service, None)
    assert ready("/readyz").status_code == 200
    dead = [joined(service, "dead"), joined(service, "dead")]
    answer = ready("/readyz")
    assert answer.status_code == 503
    assert "consumers are dead" in answer.json()["detail"]
    assert ready("/healthz").status_code == 200
    writing(service.db, workers.beat, dead[0], consumer="listening")
    assert ready("/readyz").status_code == 200
    writing(service.db, workers.beat, dead[0], consumer="away")  # a broker that is away costs latency, not the service
    assert ready("/readyz").status_code == 200


@pytest.mark.parametrize(("revision", "remedy"), [("9999", "newer version"), ("0003", "lpl db upgrade")])
def test_readiness_knows_a_schema_of_another_version(service: Running, revision: str, remedy: str) -> None:
    with service.db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    answer = service.http.get("/readyz")
    assert answer.status_code == 503
    assert remedy in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["10.0.0.5:8000", "lpl-api.default.svc", "[fd00::1]:8000", ""])
def test_health_answers_any_host(service: Running, path: str, host: str) -> None:
    for method in ("GET", "HEAD"):
        assert service.http.request(method, path, headers={"Host": host}).status_code == 200
    assert service.http.get("/v1/jobs", headers={"Host": host}).status_code in (400, 403)
