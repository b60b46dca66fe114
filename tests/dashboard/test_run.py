"""A run's page: how it stands and why, its curves, log, history and checkpoints."""

import hashlib
import re
import struct
from itertools import chain
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from store import checkpoints, events, jobs, metrics
from store.database.engine import Database, Session
from store.database.records import Claim, Series
from store.lifecycle import claims, requests
from tests.dashboard.conftest import begun, cancelled, finished_job, record, submitted
from tests.store.databases import reading, writing

pytestmark = pytest.mark.browser
MANY = 1200


def said(db: Database, held: Claim, first: int, last: int, *, level: str = "info") -> None:
    """Lines of a log, in one transaction."""

    def lines(session: Session) -> None:
        for number in range(first, last + 1):
            data = {"run": held.run_id, "attempt": held.attempt, "level": level, "message": f"says {number}."}
            events.record(session, "log", data, job_id=held.job_id, run_id=held.run_id)

    db.write(lines)


def lines_of(page: Page) -> Locator:
    """The lines of the log."""
    return page.get_by_role("region", name="Lines of the log").locator("[data-line]")


def section(page: Page, title: str) -> Locator:
    """A part of the page."""
    return page.locator("section", has=page.get_by_role("heading", name=title))


def kept(db: Database, held: Claim, folder: Path, *, epoch: int, content: bytes) -> None:
    """A checkpoint."""
    path = folder / "checkpoint"
    path.write_bytes(content)
    checkpoints.upload(db.write, held, path, epoch=epoch, step=0, kind="periodic", keep_last=3)


def at_end(page: Page) -> bool:
    """Whether the log shows its last line."""
    script = "box => box.scrollHeight - box.scrollTop - box.clientHeight < 32"
    return bool(page.get_by_role("region", name="Lines of the log").evaluate(script))


def test_a_running_run_with_its_curves_and_what_may_be_asked(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "runs now", seeds=2)
    held = begun(database, epochs=3)
    page.goto(f"{address}/#/runs/{held.run_id}")
    expect(page.get_by_role("heading", name="seed 0", exact=True)).to_be_visible()
    expect(page).to_have_title(re.compile("seed 0 · runs now"))
    expect(page.locator("header.job-head")).to_contain_text("epoch 3 of 10")
    expect(page.get_by_role("img", name="Learning curves: error").locator("canvas")).to_be_visible()
    record(database, held, 4)
    expect(page.locator("header.job-head")).to_contain_text("epoch 4 of 10")
    page.get_by_label("Metric").select_option("loss")
    expect(page.get_by_role("img", name="Learning curves: loss").locator("canvas")).to_be_visible()
    assert "metric=loss" in page.url
    page.get_by_role("button", name="Pause").dblclick()
    expect(page.locator("header.job-head .state")).to_contain_text("pause requested")
    expect(section(page, "History")).to_contain_text("Pause requested")
    assert [line["status"] for line in page.request.get(f"{address}/v1/audit?path={held.run_id}").json()["items"]] == [
        202
    ]
    page.get_by_role("link", name="runs now").click()
    expect(page.get_by_role("heading", name="runs now")).to_be_visible()
    cancelled(database, job)
    writing(database, claims.finish, held, outcome="cancelled")


def test_a_failure_is_said_first_and_a_retry_leads_to_the_new_run(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "fails")
    held = begun(database, epochs=1)
    writing(database, claims.finish, held, outcome="failed", reason="diverged", message="the loss is nan at epoch 2")
    page.goto(f"{address}/#/runs/{held.run_id}")
    expect(page.get_by_role("alert")).to_contain_text("Failed: the loss became infinite or undefined. The loss is nan")
    expect(page.locator("progress")).to_have_attribute("value", "0.1")
    expect(section(page, "History")).to_contain_text("Failed: the loss became infinite or undefined")
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("Tried again in place of")).to_be_visible()
    assert held.run_id not in page.url
    page.get_by_role("link", name="an earlier run").click()
    expect(page.get_by_text("Another run was made in its place")).to_be_visible()
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)
    cancelled(database, job)


def test_a_log_begins_at_its_end_and_older_lines_come_on_the_way_up(
    database: Database, address: str, page: Page
) -> None:
    job = submitted(database, "says much")
    held = begun(database)
    said(database, held, 1, MANY)
    page.goto(f"{address}/#/runs/{held.run_id}")
    expect(lines_of(page).last).to_contain_text(f"says {MANY}.")
    expect(lines_of(page)).to_have_count(300)
    box = page.get_by_role("region", name="Lines of the log")
    shown = page.locator("[data-line]", has_text="says 901.")
    box.evaluate("box => box.scrollTo(0, 0)")
    expect(lines_of(page)).to_have_count(800)
    expect(shown).to_be_in_viewport()  # what was on top stays where it is
    # A real click would scroll to the button, and what is scrolled to the top asks for older lines by itself.
    page.get_by_role("button", name="Older lines").dispatch_event("click")
    expect(lines_of(page).first).to_contain_text("says 1.")
    expect(page.get_by_role("button", name="Older lines")).to_have_count(0)
    cancelled(database, job)
    writing(database, claims.finish, held, outcome="cancelled")


@pytest.mark.campaign
def test_a_log_follows_its_end_and_counts_what_is_new_elsewhere(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "goes on saying")
    held = begun(database)
    said(database, held, 1, 100)
    page.goto(f"{address}/#/runs/{held.run_id}/log")
    expect(lines_of(page).last).to_be_in_viewport()
    said(database, held, 101, 140)
    expect(lines_of(page).last).to_contain_text("says 140.")
    assert at_end(page)
    page.get_by_role("region", name="Lines of the log").evaluate("box => box.scrollTo(0, 100)")
    said(database, held, 141, 147)
    page.get_by_role("button", name="7 new lines").click()
    expect(page.get_by_role("button", name="new lines")).to_have_count(0)
    assert at_end(page)
    cancelled(database, job)
    writing(database, claims.finish, held, outcome="cancelled")


@pytest.mark.campaign
def test_a_logs_filters_and_line_stand_in_the_address(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "warns")
    held = begun(database)
    said(database, held, 1, 400)
    said(database, held, 401, 402, level="warning")
    said(database, held, 403, 403, level="error")
    page.goto(f"{address}/#/runs/{held.run_id}/log")
    page.get_by_label("Level").select_option("warning")
    expect(lines_of(page)).to_have_count(3)
    page.get_by_label("Holds").fill("402")
    expect(lines_of(page)).to_have_count(1)
    assert "level=warning" in page.url
    assert "find=402" in page.url
    page.reload()
    expect(lines_of(page)).to_have_count(1)
    page.get_by_label("Holds").fill("of nothing")
    expect(page.get_by_text("None of the 300 lines read so far matches.")).to_be_visible()
    page.get_by_label("Holds").fill("")
    page.get_by_label("Level").select_option("")
    page.get_by_role("region", name="Lines of the log").evaluate("box => box.scrollTo(0, 0)")
    expect(lines_of(page)).to_have_count(403)
    line = page.locator("[data-line]", has_text="says 20.")
    line.get_by_role("button").click()
    assert f"line={line.get_attribute('data-line')}" in page.url
    page.reload()
    expect(page.locator("[aria-current=true]", has_text="says 20.")).to_be_in_viewport()
    cancelled(database, job)
    writing(database, claims.finish, held, outcome="cancelled")


@pytest.mark.campaign
def test_the_history_tells_what_happened_with_reasons(
    database: Database, address: str, page: Page, tmp_path: Path
) -> None:
    job = submitted(database, "has a history")
    held = begun(database, epochs=2)
    kept(database, held, tmp_path, epoch=1, content=b"one")
    kept(database, held, tmp_path, epoch=2, content=b"two")
    writing(database, claims.finish, held, outcome="released")
    again = begun(database)
    assert again.run_id == held.run_id
    page.goto(f"{address}/#/runs/{held.run_id}")
    entries = section(page, "History").locator("li")
    expect(entries).to_contain_text(
        [
            "Started, attempt 2",
            "Goes on from the checkpoint of epoch 2",
            "Back in the queue",
            "2 checkpoints, epochs 1 to 2",
            "Started, attempt 1",
            "Submitted",
        ]
    )
    writing(database, claims.finish, again, outcome="succeeded")
    expect(entries.first).to_contain_text("Succeeded")
    assert job


def test_checkpoints_are_downloaded_and_the_environment_is_said(
    database: Database, address: str, page: Page, tmp_path: Path
) -> None:
    submitted(database, "keeps checkpoints")
    held = begun(database, epochs=2)
    info = {"environment": {"device": "cpu (x86_64)", "torch": "2.13.0+cpu"}, "notes": ["43 images are damaged"]}
    writing(database, metrics.record_start, held, info)
    kept(database, held, tmp_path, epoch=1, content=b"first")
    kept(database, held, tmp_path, epoch=2, content=b"second" * 1000)
    page.goto(f"{address}/#/runs/{held.run_id}")
    part = section(page, "Checkpoints")
    expect(part.locator("li").first).to_contain_text("Epoch 2")
    expect(part.locator("li").first).to_contain_text("5.9 KiB")
    expect(part.locator("li").first).to_contain_text(hashlib.sha256(b"second" * 1000).hexdigest())
    with page.expect_download() as caught:
        part.get_by_role("button", name="Download the newest").click()
    assert caught.value.path().read_bytes() == b"second" * 1000
    assert caught.value.suggested_filename == f"{held.run_id}-epoch2-periodic.safetensors"
    with page.expect_download() as caught:
        part.locator("li").last.get_by_role("button", name="Download").click()
    assert caught.value.path().read_bytes() == b"first"
    facts = section(page, "Environment and notes")
    expect(facts).to_contain_text("43 images are damaged")
    expect(facts).to_contain_text("2.13.0+cpu")
    writing(database, claims.finish, held, outcome="succeeded")


def test_a_waiting_run_says_for_what(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "waits")
    writing(database, requests.request_job, job, "pause")
    run = page.request.get(f"{address}/v1/jobs/{job}").json()["runs"][0]["id"]
    page.goto(f"{address}/#/runs/{run}")
    expect(page.locator("header.job-head .state")).to_contain_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("header.job-head .state")).to_contain_text("queued")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel it").click()
    expect(page.get_by_text("Cancelled: somebody cancelled it.")).to_be_visible()


def test_a_run_that_is_not_there(address: str, page: Page) -> None:
    page.goto(f"{address}/#/runs/r_none")
    expect(page.get_by_role("alert")).to_contain_text("The run is not there")


def test_a_jobs_logs_by_run(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "two logs", seeds=2)
    for number in range(2):
        held = begun(database)
        said(database, held, number, number)
        writing(database, claims.finish, held, outcome="succeeded")
    page.goto(f"{address}/#/jobs/{job}?tab=logs")
    expect(lines_of(page)).to_contain_text(["says 0."])
    page.get_by_label("Run", exact=True).select_option(label="lpl, seed 1: succeeded")
    expect(lines_of(page)).to_contain_text(["says 1."])


def test_the_examples_that_are_most_wrong_by_class(database: Database, address: str, page: Page) -> None:
    rows = [(7.0, 0.0, 2.0, 0.75, 0.125), (3.0, 1.0, 0.0, 0.5, 0.25), (9.0, 1.0, 1.0, 0.625, 0.625)]
    written = Series((3, 5), struct.pack("<15f", *chain(*rows)))
    job = finished_job(database, "most wrong", last=lambda: {"most_wrong": written})
    run = reading(database, jobs.list_runs, job).items[0].id
    page.goto(f"{address}/#/runs/{run}")
    listed = section(page, "Most wrong on the test set").locator("tbody tr")
    expect(listed).to_have_count(3)
    for text in ("a", "c", "75.0 %", "12.5 %"):
        expect(listed.first.get_by_role("cell", name=text, exact=True)).to_be_visible()
    picture = listed.first.get_by_alt_text("Test example 7, which is a")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") == 8
    page.get_by_label("True class").select_option(label="b")
    expect(listed).to_have_count(2)
    expect(listed.last).to_contain_text("itself")
    assert "wrong=1" in page.url


@pytest.mark.campaign
def test_a_run_without_them_has_no_such_panel(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "nothing wrong is kept")
    run = reading(database, jobs.list_runs, job).items[0].id
    page.goto(f"{address}/#/runs/{run}")
    expect(page.get_by_role("heading", name="Checkpoints")).to_be_visible()
    expect(page.get_by_role("heading", name="Most wrong on the test set")).to_have_count(0)
