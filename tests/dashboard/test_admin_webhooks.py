"""Webhooks on the page for administrators."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from store import keys, webhooks
from store.database.engine import Database
from store.webhook_events import WebhookEvent
from tests.api.endpoint import Endpoint, answering, listening
from tests.dashboard.conftest import cancelled, serving, submitted
from tests.store.databases import reading, writing

pytestmark = pytest.mark.browser


@pytest.fixture
def open_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Database, str]]:
    """A service that may deliver to loopback, and its database."""
    monkeypatch.setenv("LPL_WEBHOOK_ALLOW", "127.0.0.0/8")
    db = Database(f"sqlite:///{tmp_path / 'lpl.sqlite3'}")
    db.migrate()
    with serving(db) as url:
        yield db, url
    db.dispose()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """It takes one delivery, and refuses those that follow."""
    with listening(answering(204), answering(500)) as made:
        yield made


def test_a_webhook_is_added_tried_and_deleted(
    open_service: tuple[Database, str], endpoint: Endpoint, page: Page
) -> None:
    db, address = open_service
    page.goto(f"{address}/#/admin?tab=webhooks")
    expect(page.get_by_text("Nobody is told of anything")).to_be_visible()
    expect(page.get_by_role("button", name="Add the webhook")).to_be_disabled()
    page.get_by_label("Address that is told").fill(endpoint.url())
    page.get_by_label("job.succeeded").uncheck()
    page.get_by_label("run.failed").check()
    page.get_by_role("button", name="Add the webhook").dblclick()
    secret = page.get_by_label("The webhook's secret").inner_text()
    assert secret.startswith("whsec_")
    (made,) = reading(db, webhooks.list_webhooks).items
    assert (made.url, made.events) == (endpoint.url(), ("job.failed", "job.cancelled", "run.failed"))
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_text(secret)).to_have_count(0)
    row = page.get_by_role("region", name="Webhooks").get_by_role("row").filter(has_text=endpoint.url())
    row.get_by_role("button", name="Test").click()
    expect(page.get_by_text("The test is delivered: it answered 204.")).to_be_visible()
    told = page.get_by_role("region", name="Deliveries, newest first").locator("tbody tr")
    expect(told).to_have_count(1)
    expect(told.first).to_contain_text("delivered")
    cancelled(db, submitted(db, "a job"))
    expect(told).to_have_count(2)
    expect(told.first).to_contain_text("job.cancelled")
    row.get_by_role("button", name="Test").click()
    expect(page.get_by_text("The test is not delivered: it answered 500")).to_be_visible()
    expect(told.first).to_contain_text("tried again")
    page.reload()
    expect(told).to_have_count(3)
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(row).to_have_count(0)
    expect(told).to_have_count(0)
    assert reading(db, webhooks.list_webhooks).items == []


def test_an_address_that_is_refused_is_said_beside_its_field(empty: tuple[Database, str], page: Page) -> None:
    _, address = empty
    page.goto(f"{address}/#/admin?tab=webhooks")
    page.get_by_label("Address that is told").fill("http://10.0.0.1/hook")
    page.get_by_role("button", name="Add the webhook").click()
    expect(page.locator(".field.wrong")).to_be_visible()
    expect(page.locator("#webhook-error")).to_contain_text("not a public address")


def test_webhooks_are_for_administrators(empty: tuple[Database, str], page: Page) -> None:
    db, address = empty
    writing(db, webhooks.add, url="https://hooks.example/", events=list(WebhookEvent))
    secret = writing(db, keys.create, name="a reader", scopes=["read"])[1]
    page.add_init_script(f"sessionStorage.setItem('lpl-api-key', '{secret}')")
    page.goto(f"{address}/#/admin?tab=webhooks")
    expect(page.get_by_role("alert")).to_contain_text("The list of webhooks is for administrators")
