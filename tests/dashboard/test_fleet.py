"""Workers and queue."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from store import keys, workers
from store.database.engine import Database, Session
from store.database.records import Memory
from store.database.tables import WorkerRow
from store.lifecycle import claims
from tests.dashboard.conftest import begun, cancelled, submitted
from tests.store.databases import reading, writing

pytestmark = pytest.mark.browser
GIB = 2**30


def present(db: Database, host: str, *, device: str = "cpu", memory: Memory = workers.UNKNOWN) -> str:
    """A worker that has just been heard of."""
    facts: dict[str, Any] = {"hostname": host, "pid": 7, "device": device, "version": "0.1.0", "memory": memory}
    name = "NVIDIA H100 80GB HBM3" if device == "cuda" else "CPU, 8 processors"
    return writing(db, workers.register, device_name=name, **facts)


def silent(db: Database, worker: str) -> None:
    """Let a worker have been silent for an hour."""

    def change(session: Session) -> None:
        row = session.get_one(WorkerRow, worker)
        row.last_seen_at -= 3600

    db.write(change)


def test_without_workers_the_page_says_how_to_start_one(empty: tuple[Database, str], page: Page) -> None:
    _, address = empty
    page.goto(f"{address}/#/workers")
    expect(page.get_by_text("No worker is alive")).to_be_visible()
    expect(page.get_by_text("lpl worker", exact=True)).to_be_visible()
    expect(page.get_by_text("Nothing waits.")).to_be_visible()


def test_workers_are_told_apart_and_heard_of(empty: tuple[Database, str], page: Page) -> None:
    db, address = empty
    job = submitted(db, "under way")
    held = begun(db)
    busy, idle, dead = present(db, "busy-host", device="cuda"), present(db, "idle-host"), present(db, "dead-host")
    writing(db, workers.beat, busy, run_id=held.run_id)
    silent(db, dead)
    page.goto(f"{address}/#/workers?worker={idle}")
    rows = page.get_by_role("region", name="Workers").get_by_role("row")
    expect(rows.filter(has_text="busy-host")).to_contain_text("training")
    expect(rows.filter(has_text="busy-host")).to_contain_text("NVIDIA H100")
    expect(rows.filter(has_text="idle-host")).to_have_class("chosen")
    expect(rows.filter(has_text="dead-host")).to_contain_text(re.compile(r"silent.*1 h 0 min ago"))
    expect(page.get_by_text("2 devices alive, 1 training, 1 silent.")).to_be_visible()
    age = rows.filter(has_text="idle-host").locator("time").first
    before = age.inner_text()
    expect(age).not_to_have_text(before)  # it counts on
    silent(db, idle)
    expect(rows.filter(has_text="idle-host")).to_contain_text("silent")  # without an event and without a reload
    page.get_by_role("link", name=held.run_id).click()
    expect(page.get_by_role("link", name="under way")).to_be_visible()
    cancelled(db, job)


@pytest.mark.campaign
def test_memory_is_shown_as_far_as_it_is_known(empty: tuple[Database, str], page: Page) -> None:
    db, address = empty
    present(db, "all-known", device="cuda", memory=Memory(79 * GIB, int(12.1 * GIB)))
    present(db, "total-known", memory=Memory(24 * GIB))
    present(db, "nothing-known")
    page.goto(f"{address}/#/workers")
    rows = page.get_by_role("region", name="Workers").get_by_role("row")
    expect(rows.filter(has_text="all-known")).to_contain_text("12.1 of 79 GiB free")
    bar = rows.filter(has_text="all-known").get_by_role("progressbar", name="memory of cuda of all-known that is taken")
    assert 0.84 < bar.evaluate("bar => bar.position") < 0.85
    expect(rows.filter(has_text="total-known")).to_contain_text("24.0 GiB in all")
    expect(rows.filter(has_text="nothing-known")).to_contain_text("not known")


def test_a_worker_is_drained_and_resumed(empty: tuple[Database, str], page: Page) -> None:
    db, address = empty
    worker = present(db, "the-host")
    submitted(db, "waits on")
    page.goto(f"{address}/#/workers")
    row = page.get_by_role("region", name="Workers").get_by_role("row").filter(has_text="the-host")
    waiting = page.get_by_role("region", name="Runs that wait").get_by_role("row").filter(has_text="waits on")
    expect(waiting).to_contain_text("waits for its turn")
    row.get_by_role("button", name="Drain").click()
    expect(page.get_by_text("cpu of the-host takes nothing new; what it trains goes on.")).to_be_visible()
    expect(row).to_contain_text("draining")
    expect(page.get_by_text("1 device alive, 0 training, 1 draining.")).to_be_visible()
    expect(waiting).to_contain_text("waits for a worker")
    assert reading(db, workers.list_workers, silent_after=60)[0].draining
    writing(db, workers.beat, worker, run_id="r_0123456789abcdef01234567")
    expect(row).to_contain_text("draining, still training")  # without a reload
    row.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("cpu of the-host takes runs again.")).to_be_visible()
    expect(row).to_contain_text("training")
    expect(row).not_to_contain_text("draining")
    expect(waiting).to_contain_text("waits for its turn")


@pytest.mark.campaign
def test_without_the_scope_a_drain_is_refused_in_words(empty: tuple[Database, str], page: Page) -> None:
    db, address = empty
    present(db, "the-host")
    secret = writing(db, keys.create, name="a reader", scopes=["read"])[1]
    page.add_init_script(f"sessionStorage.setItem('lpl-api-key', '{secret}')")
    page.goto(f"{address}/#/workers")
    page.get_by_role("button", name="Drain").click()
    expect(page.get_by_text("lacks the scope 'admin'")).to_be_visible()
    assert not reading(db, workers.list_workers, silent_after=60)[0].draining


@pytest.mark.campaign
def test_the_queue_counts_and_leads_to_the_jobs(empty: tuple[Database, str], page: Page) -> None:
    db, address = empty
    present(db, "a-host")
    submitted(db, "first in line", seeds=2)
    held = begun(db)
    page.goto(f"{address}/#/workers")
    queue = page.locator("section", has=page.get_by_role("heading", name="Queue"))
    expect(queue.locator("dl")).to_contain_text("running1 runs in 1 job")
    expect(queue.locator("dl")).to_contain_text("queued1 runs in 0 jobs")
    expect(queue).to_contain_text(re.compile("The run that has waited longest was submitted"))
    rows = queue.get_by_role("row")
    expect(rows.nth(1)).to_contain_text("first in line")
    expect(rows.nth(1)).to_contain_text("waits for its turn")
    job = submitted(db, "for a graphics card", device="cuda")
    expect(rows.nth(2)).to_contain_text("waits for cuda")
    cancelled(db, job)
    expect(rows).to_have_count(2)
    writing(db, claims.finish, held, outcome="succeeded")
    expect(queue.locator("dl")).to_contain_text("succeeded1 runs")
    queue.get_by_role("link", name="1 job").first.click()
    expect(page.get_by_role("link", name="first in line")).to_be_visible()
