"""`lpl webhook` and the client's calls, against the real service and a real endpoint."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from client import ApiError, Client
from store.database.engine import Database
from tests.api.endpoint import Endpoint, answering, listening
from tests.api.service import Running, running
from tests.api.test_compare_commands import said


@pytest.fixture
def open_service(sqlite: Database, tmp_path: Path) -> Iterator[Running]:
    """A service that may deliver to loopback."""
    with running(sqlite, tmp_path, webhook_allow=["127.0.0.0/8"]) as service:
        yield service


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """It takes one delivery, and refuses the next."""
    with listening(answering(200), answering(500)) as made:
        yield made


def test_the_client_adds_tries_and_deletes(open_service: Running, endpoint: Endpoint) -> None:
    with Client(open_service.url) as client:
        made = client.add_webhook(endpoint.url(), ["job.failed"])
        assert made.secret is not None
        (listed,) = client.webhooks()
        assert (listed.id, listed.url, listed.events, listed.secret) == (made.id, endpoint.url(), ["job.failed"], None)
        delivery = client.test_webhook(made)
        endpoint.wait(1)
        assert [each.id for each in client.webhook_deliveries(made)] == [delivery.id]
        client.delete_webhook(made)
        assert client.webhooks() == []
        with pytest.raises(ApiError, match=r"url: .*LPL_WEBHOOK_ALLOW"):
            client.add_webhook("http://10.0.0.1/", ["job.failed"])


def test_the_commands_add_try_and_delete(
    open_service: Running, endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    added = said(capsys, open_service, "webhook", "add", endpoint.url(), "--event", "run.failed")
    assert "whsec_" in added
    assert "shown now and never again" in added
    (listed,) = json.loads(said(capsys, open_service, "webhook", "list", "--json"))["items"]
    assert (listed["url"], listed["events"], listed["secret"]) == (endpoint.url(), ["run.failed"], None)
    assert "is delivered: it answered 200." in said(capsys, open_service, "webhook", "test", listed["id"])
    refused = ["webhook", "test", listed["id"], "--json"]
    assert said(capsys, open_service, *refused, expected=1) == ""
    told = said(capsys, open_service, "webhook", "deliveries", listed["id"]).splitlines()
    assert " ".join(told[0].split()) == "id event state attempts last status message created next attempt"
    assert "it answered 500" in told[1]
    assert "delivered" in told[2]
    assert len(said(capsys, open_service, "webhook", "deliveries", listed["id"], "--limit", "1").splitlines()) == 2
    assert said(capsys, open_service, "webhook", "rm", listed["id"]) == f"{listed['id']} is deleted.\n"
    assert json.loads(said(capsys, open_service, "webhook", "list", "--json"))["items"] == []
    made = json.loads(said(capsys, open_service, "webhook", "add", endpoint.url(), "--json"))
    assert made["events"] == ["job.succeeded", "job.failed", "job.cancelled"]
    assert json.loads(said(capsys, open_service, "webhook", "rm", made["id"], "--json")) == {"deleted": made["id"]}
    assert "events.0" in said(capsys, open_service, "webhook", "add", endpoint.url(), "--event", "x", expected=1)
