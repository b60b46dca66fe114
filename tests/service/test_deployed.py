"""The deployed shape: API, two workers, PostgreSQL and a Redis protocol server, each a process of its own."""

import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from api.broker import Broker, start_broker
from tests.service.processes import QUICK, Process, Service, until
from tests.store.databases import fresh_postgres

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(300)]


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A Redis protocol server."""
    started = start_broker()
    if started is None:
        pytest.skip("no bundled broker on this platform")
    yield started
    started.stop()


@pytest.fixture
def environment(postgres_server: str, broker: Broker, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What every process of the deployment is told."""
    with fresh_postgres(postgres_server) as url:
        yield {
            **QUICK,
            "LPL_DATABASE_URL": url,
            "LPL_BROKER_URL": broker.url,
            "LPL_DATA_DIR": str(tmp_path / "data"),
            "LPL_POLL_SECONDS": "3600",  # what starts, starts by message
        }


@pytest.fixture
def api(environment: dict[str, str], tmp_path: Path) -> Iterator[Service]:
    """`lpl api`."""
    service = Service(["api", "--port", "0"], log_path=tmp_path / "api.log", environment=environment)
    yield service
    service.http.close()
    service.end()


@pytest.fixture
def workers(api: Service, environment: dict[str, str], tmp_path: Path) -> Iterator[list[Process]]:
    """Two `lpl worker`, signed on."""
    started = [
        Process(["worker", "--device", "cpu"], log_path=tmp_path / f"worker-{number}.log", environment=environment)
        for number in range(2)
    ]
    try:
        until(lambda: api.get("/v1/workers")["items"], lambda found: len(found) == 2, timeout=60)
        yield started
    finally:
        for process in started:
            process.end()


def test_two_workers_share_the_runs_and_one_takes_over_what_the_other_leaves(
    api: Service, workers: list[Process], broker: Broker, tmp_path: Path
) -> None:
    runs = api.submit(seeds=[0, 1, 2, 3])
    ended = [api.succeeded(run_id) for run_id in runs]
    assert len({run["worker"] for run in ended}) == 2
    assert len({api.results(run_id)["weights"] for run_id in runs}) == 4

    (long_run,) = api.submit(epochs=100_000, checkpoints={"every_epochs": 100_000})
    run = api.run_once(long_run, lambda run: run["epoch"] >= 1)
    listed = {worker["id"]: worker["pid"] for worker in api.get("/v1/workers")["items"]}
    holder = next(process for process in workers if process.pid == listed[run["worker"]])
    holder.send(signal.SIGTERM)
    assert holder.wait() == 0
    taken = api.run_once(long_run, lambda now: now["state"] == "running" and now["worker"] != run["worker"])
    assert (taken["attempt"], taken["worker"] in listed) == (2, True)
    api.ask(long_run, "cancel")
    assert api.ended(long_run)["state"] == "cancelled"
    password = str(urlsplit(broker.url).password)
    assert not any(password in process.output or "Traceback" in process.output for process in [api, *workers])
    assert list((tmp_path / "data" / "scratch").iterdir()) == []
