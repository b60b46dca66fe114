"""The dashboard in a real browser on a real service."""

import json

import pytest
from playwright.sync_api import Page, expect

import lplcore
from store import jobs
from store.database.engine import Database
from store.database.records import NewRun
from store.lifecycle import requests
from tests.dashboard.conftest import MULTI_LABEL, finished_job
from tests.store.databases import reading, writing

pytestmark = pytest.mark.browser


def waiting_job(db: Database, name: str) -> str:
    spec = lplcore.parse_spec({"dataset": "digits", "method": "lpl", "name": name})
    dumped = spec.model_dump(mode="json")
    return writing(
        db, jobs.submit, jobs.new_job(spec=dumped, runs=[NewRun(0, {}, dumped, spec.epochs)], method="lpl")
    ).job.id


def test_the_list_leads_to_the_job_with_its_result(database: Database, address: str, page: Page) -> None:
    finished_job(database, "finished one")
    page.goto(address)
    page.get_by_role("link", name="finished one").click()
    expect(page.get_by_role("heading", name="finished one")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="lpl").first
    # The last epoch's errors of LPL's two seeds: 0.5 / 3 + 0.02 and 0.5 / 3 + 0.03.
    expect(row).to_contain_text("19.17 ± 0.71 %")
    expect(page.get_by_role("img", name="Relative loss variation per class").locator("canvas")).to_be_visible()
    expect(page.get_by_role("img", name="Learning curves test/top1_error").locator("canvas")).to_be_visible()


def test_multi_label_shows_precision_and_both_signs(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "multi label", written=MULTI_LABEL)
    page.goto(f"{address}/#/jobs/{job}")
    expect(page.get_by_role("columnheader", name="mAP")).to_be_visible()
    # Of two points with 16.67 + 0.5 and + 2.5 percent, the higher precision is the better one.
    expect(page.locator(".best").first).to_contain_text("19.17")
    expect(page.get_by_role("row").filter(has_text="cross_entropy").first.locator(".best")).to_have_count(0)
    for sign in ("positive", "negative"):
        chart = page.get_by_role("img", name=f"Relative loss variation per class of {sign} samples")
        expect(chart.locator("canvas")).to_be_visible()
    expect(page.get_by_role("heading", name="Average precision per class")).to_be_visible()
    expect(page.get_by_role("img", name="Learning curves test/mean_average_precision")).to_be_visible()
    offered = page.get_by_label("metric").locator("option").all_inner_texts()
    assert offered == ["test/mean_average_precision", "train/loss"]
    page.get_by_label("metric").select_option("train/loss")
    expect(page.get_by_role("img", name="Learning curves train/loss")).to_be_visible()


def test_a_chart_gives_its_numbers(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "numbers")
    page.goto(f"{address}/#/jobs/{job}")
    section = page.locator("section", has=page.get_by_role("heading", name="Relative loss variation"))
    with page.expect_download() as caught:
        section.get_by_role("button", name="CSV").click()
    lines = caught.value.path().read_text().splitlines()
    assert lines[0] == "class,cross_entropy,lpl"
    assert lines[1].startswith("a (9),-10.0")
    assert lines[3].startswith("c (2),40.0")


def test_filters_stand_in_the_address(database: Database, address: str, page: Page) -> None:
    finished_job(database, "needle")
    page.goto(f"{address}/#/?name=needle")
    expect(page.get_by_role("link", name="needle")).to_be_visible()
    expect(page.get_by_role("link", name="finished one")).to_have_count(0)


def test_a_change_shows_without_reloading(database: Database, address: str, page: Page) -> None:
    job = waiting_job(database, "to be paused")
    page.goto(f"{address}/#/jobs/{job}")
    page.get_by_role("button", name="pause").click()
    expect(page.get_by_role("button", name="resume")).to_be_visible()
    writing(database, requests.request_job, job, "cancel")
    expect(page.get_by_role("button", name="retry").first).to_be_visible(timeout=10_000)


def test_an_experiment_is_checked_and_submitted(database: Database, address: str, page: Page) -> None:
    page.goto(f"{address}/#/submit")
    text = page.get_by_label("Specification (JSON)")
    text.fill(json.dumps({"dataset": "digits", "method": {"alias": "lpl", "threshold": 99}}))
    with page.expect_response("**/v1/jobs/validate"):
        page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("alert")).to_contain_text("threshold")
    text.fill(json.dumps({"name": "from the page", "dataset": "digits", "method": "lpl", "seeds": [1, 2]}))
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("2 runs; training examples per class")).to_be_visible()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="from the page")).to_be_visible()
    writing(
        database, requests.request_job, reading(database, jobs.list_jobs, name="from the page").items[0].id, "cancel"
    )


def test_hostile_names_stay_text(database: Database, address: str, page: Page) -> None:
    name = "<img src=x onerror=alert(1)>"
    job = waiting_job(database, name)
    writing(database, requests.request_job, job, "cancel")
    page.goto(f"{address}/#/jobs/{job}")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    assert page.locator("main img").count() == 0


def test_workers_logs_and_the_interface_pages_open(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "with a log")
    page.goto(f"{address}/#/jobs/{job}")
    page.get_by_role("link", name="log").first.click()
    expect(page.get_by_text("a line of the log")).to_be_visible()
    page.goto(f"{address}/#/workers")
    expect(page.get_by_role("heading", name="Workers and queue")).to_be_visible()
    page.goto(f"{address}/docs")
    expect(page.get_by_text("/v1/jobs/validate")).to_be_visible(timeout=15_000)


def test_nothing_is_fetched_from_elsewhere(database: Database, address: str, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    assert all(url.startswith(address) for url in asked)
