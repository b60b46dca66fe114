"""The list of jobs: what it shows, and how it is filtered, sorted, chosen from."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import lplcore
from store import jobs
from store.database.engine import Database
from store.database.records import NewRun
from store.lifecycle import claims
from tests.dashboard.conftest import begun, cancelled, finished_job, submitted
from tests.dashboard.large import fill_with_jobs
from tests.store.databases import writing

pytestmark = pytest.mark.browser


def row(page: Page, name: str) -> Any:
    """The row of a job."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def test_a_row_has_the_jobs_result_and_leads_to_it(database: Database, address: str, page: Page) -> None:
    finished_job(database, "finished one")
    page.goto(address)
    # The last epoch's errors of four runs: 0.5 / 3 and 0 to 3 hundredths.
    expect(row(page, "finished one")).to_contain_text("18.17 ± 1.29 (n = 4)")
    expect(row(page, "finished one")).to_contain_text("4/4")
    row(page, "finished one").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="finished one")).to_be_visible()
    expect(page).to_have_title("finished one · LPL")


def test_filters_stand_in_the_address_and_back_returns_to_them(database: Database, address: str, page: Page) -> None:
    finished_job(database, "needle")
    finished_job(database, "hay")
    page.goto(address)
    expect(row(page, "hay")).to_be_visible()
    page.get_by_role("searchbox", name="Name").fill("needle")
    page.get_by_role("searchbox", name="Name").press("Enter")
    expect(row(page, "needle")).to_be_visible()
    expect(row(page, "hay")).to_have_count(0)
    assert "name=needle" in page.url
    row(page, "needle").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="needle")).to_be_visible()
    page.go_back()
    expect(row(page, "needle")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Name")).to_have_value("needle")


def test_filters_that_match_nothing_are_not_an_empty_service(database: Database, address: str, page: Page) -> None:
    cancelled(database, submitted(database, "something"))
    page.goto(f"{address}/#/?name=there is none of this name")
    expect(page.get_by_text("No job matches these filters.")).to_be_visible()
    expect(page.get_by_text("No jobs here yet.")).to_have_count(0)


def test_a_sweeps_methods_stand_in_the_list(database: Database, address: str, page: Page) -> None:
    sweep = {"method": ["cross_entropy", "ldam"]}
    spec = lplcore.parse_spec({"dataset": "digits", "method": "lpl", "name": "of two methods", "sweep": sweep})
    new = [
        NewRun(0, run.point, run.spec.model_dump(mode="json"), 1, method=run.spec.method.alias) for run in spec.plan()
    ]
    job = writing(database, jobs.submit, jobs.new_job(spec=spec.model_dump(mode="json"), runs=new, method="lpl")).job
    page.goto(f"{address}/#/?method=ldam")
    for method in ("cross_entropy", "ldam"):
        expect(row(page, "of two methods").locator(".chip", has_text=method)).to_be_visible()
    cancelled(database, job.id)


def test_the_list_follows_what_happens(database: Database, address: str, page: Page) -> None:
    page.goto(f"{address}/#/?name=followed")
    expect(page.get_by_text("No job matches these filters.")).to_be_visible()
    job = submitted(database, "followed")
    expect(row(page, "followed")).to_contain_text("queued")
    held = begun(database, epochs=3)
    writing(database, claims.heartbeat, held, lease_seconds=600, progress=0.3)
    expect(row(page, "followed")).to_contain_text("running")
    cancelled(database, job)
    writing(database, claims.finish, held, outcome="cancelled")
    expect(row(page, "followed")).to_contain_text("cancelled")
    expect(row(page, "followed").get_by_role("progressbar")).to_have_attribute("value", "0.3")


@pytest.mark.campaign
def test_columns_are_chosen_and_kept_in_the_address(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "with columns")
    page.goto(f"{address}/#/?name=with columns")
    expect(page.get_by_role("columnheader", name="Identifier")).to_have_count(0)
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Identifier").check()
    page.get_by_label("Many").uncheck()
    expect(row(page, "with columns")).to_contain_text(job)
    page.reload()
    expect(page.get_by_role("columnheader", name="Identifier")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Many")).to_have_count(0)


def test_two_chosen_jobs_are_compared(database: Database, address: str, page: Page) -> None:
    ids = [finished_job(database, f"chosen {number}") for number in (1, 2)]
    page.goto(f"{address}/#/?name=chosen")
    for number in (1, 2):
        page.get_by_label(f"Select chosen {number}").check()
    page.get_by_role("button", name="Compare").click()
    expect(page).to_have_url(re.compile(r"#/compare\?"))
    assert all(f"job={each}" in page.url for each in ids)


def test_jobs_are_sorted_by_a_metric_and_filtered_by_one(database: Database, address: str, page: Page) -> None:
    finished_job(database, "ranked a")
    finished_job(database, "ranked b", sweep={"method": ["cross_entropy"]}, seeds=[0])
    cancelled(database, submitted(database, "ranked c"))
    page.goto(f"{address}/#/?name=ranked")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("button", name="Error %").click()
    expect(page.locator("tbody tr")).to_have_count(2)  # those that have the metric
    expect(page.locator("tbody tr").first).to_contain_text("ranked b")
    expect(page.get_by_role("columnheader", name="Error %")).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="Error %").click()
    expect(page.locator("tbody tr").first).to_contain_text("ranked a")
    page.get_by_role("searchbox", name="Metric").fill("test/top1_error<0.17")
    page.get_by_role("searchbox", name="Metric").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("ranked b")


@pytest.mark.campaign
def test_an_archived_job_leaves_the_list_and_comes_back(database: Database, address: str, page: Page) -> None:
    finished_job(database, "old one")
    page.goto(f"{address}/#/?name=old one")
    page.get_by_label("Select old one").check()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("No job matches these filters.")).to_be_visible()
    page.get_by_label("archived").check()
    expect(row(page, "old one")).to_be_visible()


@pytest.mark.campaign
def test_many_jobs_are_fetched_as_one_scrolls(database: Database, address: str, page: Page) -> None:
    fill_with_jobs(database, 230, called="scrolled")
    page.goto(f"{address}/#/?name=scrolled")
    expect(row(page, "scrolled 00229")).to_be_visible()
    for _ in range(300):
        page.mouse.wheel(0, 2500)
        if row(page, "scrolled 00000").count():
            break
        page.wait_for_timeout(100)
    expect(row(page, "scrolled 00000")).to_be_visible()
    assert page.locator("tbody tr").count() < 120  # only what is in sight is drawn
