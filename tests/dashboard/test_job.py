"""A job's page: what it says is so, and what somebody asks of it happens once."""

import math
import re
import struct
from itertools import chain
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from store import jobs
from store.database.engine import Database
from store.database.records import Series
from store.lifecycle import claims, requests
from tests.dashboard.conftest import MULTI_LABEL, begun, cancelled, finished_job, record, submitted
from tests.store.databases import reading, writing

pytestmark = pytest.mark.browser


def result(page: Page) -> Any:
    """The rows of the result table."""
    return page.locator("section", has=page.get_by_role("heading", name="Result")).locator("tbody tr")


def plot(page: Page, name: str) -> Any:
    """The canvas of a chart."""
    return page.get_by_role("img", name=name).locator("canvas")


def csv_of(page: Page, title: str) -> list[str]:
    """The lines of a chart's CSV."""
    chart = page.locator("figure", has=page.get_by_role("heading", name=title))
    with page.expect_download() as caught:
        chart.get_by_role("button", name="CSV").click()
    return caught.value.path().read_text().splitlines()


def test_the_result_by_point_with_its_curves(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "with a result")
    page.goto(f"{address}/#/jobs/{job}")
    # The last epoch's errors of LPL's two seeds: 0.5 / 3 + 0.02 and 0.5 / 3 + 0.03.
    expect(result(page).filter(has_text="lpl")).to_contain_text("19.17 ± 0.71")
    expect(result(page).filter(has_text="lpl")).to_contain_text("2/2")
    page.get_by_label("each seed").first.check()
    expect(result(page).filter(has_text="lpl")).to_contain_text("18.67")
    expect(plot(page, "Learning curves: Test error")).to_be_visible()
    page.get_by_label("Metric").select_option("train/loss")
    expect(plot(page, "Learning curves: Training loss")).to_be_visible()
    assert "metric=train" in page.url
    lines = csv_of(page, "Learning curves: Training loss")
    assert lines[0].startswith("epoch,cross_entropy: mean,cross_entropy: standard deviation,cross_entropy: n,lpl: mean")
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2", "3"]


def test_loss_variation_by_class_and_epoch(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "varied")
    page.goto(f"{address}/#/jobs/{job}?tab=variation")
    expect(plot(page, "Relative loss variation by class, epoch 3")).to_be_visible()
    lines = csv_of(page, "Relative loss variation by class, epoch 3")
    assert lines[0].startswith("class,training examples,cross_entropy,")
    assert lines[1].startswith("a,9,-10.0")
    assert lines[3].startswith("c,2,40.0")
    expect(plot(page, "Class by epoch: relative loss variation, lpl, seed 0")).to_be_visible()
    cells = csv_of(page, "Class by epoch: relative loss variation, lpl, seed 0")
    assert cells[0] == "class,training examples,epoch 1,epoch 2,epoch 3"
    assert cells[1].startswith("a,9,-0.1")
    page.get_by_role("slider", name="Epoch").focus()
    page.keyboard.press("ArrowLeft")
    expect(plot(page, "Relative loss variation by class, epoch 2")).to_be_visible()
    assert "epoch=2" in page.url
    page.get_by_role("button", name="Play").click()
    expect(plot(page, "Relative loss variation by class, epoch 3")).to_be_visible()


def test_multi_label_shows_precision_and_both_signs(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "multi label", written=MULTI_LABEL)
    page.goto(f"{address}/#/jobs/{job}")
    expect(page.get_by_role("columnheader", name="mAP")).to_be_visible()
    expect(plot(page, "Learning curves: Test mean average precision")).to_be_visible()
    page.get_by_role("tab", name="Loss variation").click()
    expect(plot(page, "Relative loss variation by class, epoch 3, positive samples")).to_be_visible()
    page.get_by_role("combobox", name="Samples").select_option("negative")
    expect(plot(page, "Relative loss variation by class, epoch 3, negative samples")).to_be_visible()
    page.get_by_role("tab", name="Classes").click()
    expect(plot(page, "Test average precision by class, epoch 3")).to_be_visible()


@pytest.mark.campaign
def test_the_difference_to_a_chosen_point(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "differences")
    page.goto(f"{address}/#/jobs/{job}?tab=classes")
    expect(plot(page, "Test accuracy by class, epoch 3")).to_be_visible()
    page.get_by_label("Difference to").select_option(label="cross_entropy")
    title = "Test accuracy by class, difference to cross_entropy, epoch 3"
    expect(plot(page, title)).to_be_visible()
    assert csv_of(page, title)[0] == "class,training examples,lpl"


def bins(*filled: tuple[int, float, float, float]) -> Series:
    """A calibration of fifteen bins, from (bin, examples, confidence, accuracy)."""
    rows = [[0.0, math.nan, math.nan] for _ in range(15)]
    for k, *row in filled:
        rows[k] = row
    return Series((15, 3), struct.pack("<45f", *chain(*rows)))


@pytest.mark.campaign
def test_calibration_by_point_over_the_seeds(database: Database, address: str, page: Page) -> None:
    measured = iter(
        [
            bins((13, 6, 0.9, 0.5), (7, 2, 0.5, 0.5)),  # cross entropy: 0.3 and 0.1 off
            bins((13, 8, 0.9, 0.8)),
            bins((13, 8, 0.875, 0.875)),  # LPL: 0 and 0.125
            bins((13, 8, 0.875, 1.0)),
        ]
    )
    job = finished_job(database, "calibrated", last=lambda: {"calibration": next(measured)})
    page.goto(f"{address}/#/jobs/{job}?tab=classes")
    expect(plot(page, "Calibration on the test set")).to_be_visible()
    rows = page.get_by_role("region", name="Expected calibration error, %").locator("tbody tr")
    expect(rows.filter(has_text="cross_entropy")).to_contain_text("20.00 ± 14.14")
    expect(rows.filter(has_text="cross_entropy")).to_contain_text("+20.00")
    expect(rows.filter(has_text="lpl")).to_contain_text("6.25 ± 8.84")
    expect(rows.filter(has_text="lpl")).to_contain_text("−6.25")
    lines = csv_of(page, "Calibration on the test set")
    assert lines[0] == "series,confidence from %,to %,examples,mean confidence %,right %"
    assert len(lines) == 1 + 2 * 15
    (sure,) = [line for line in lines if line.startswith("cross_entropy,86.6")]
    # 14 of 16 examples: 6 right half the time, 8 right four times in five.
    assert [float(cell) for cell in sure.split(",")[3:]] == pytest.approx([14, 90, 100 * 9.4 / 14])


def test_points_that_differ_in_a_parameter_only_are_two(database: Database, address: str, page: Page) -> None:
    methods = [{"alias": "lpl", "threshold": 0.3}, {"alias": "lpl", "threshold": 0.6}]
    job = finished_job(database, "parameters", sweep={"method": methods})
    page.goto(f"{address}/#/jobs/{job}")
    expect(result(page)).to_have_count(2)
    for number, threshold in enumerate(("0.3", "0.6")):
        expect(result(page).nth(number)).to_contain_text(f"threshold = {threshold}")
    for tab, title in (
        ("overview", "Learning curves: Test error"),
        ("variation", "Relative loss variation by class, epoch 3"),
        ("classes", "Test accuracy by class, epoch 3"),
    ):
        page.goto(f"{address}/#/jobs/{job}?tab={tab}")
        expect(plot(page, title)).to_be_visible()
        header = csv_of(page, title)[0]
        assert [each for each in ("0.3", "0.6") if f"threshold = {each}" in header] == ["0.3", "0.6"]


def test_actions_happen_once_and_show_at_once(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "acted on")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    page.goto(f"{address}/#/jobs/{job}")
    page.get_by_role("button", name="Pause", exact=True).dblclick()
    expect(page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    assert len([url for url in asked if url.endswith("/pause")]) == 1
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="No, leave it").click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel it").click()
    expect(page.get_by_role("button", name="Retry", exact=True)).to_be_visible()
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    cancelled(database, job)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("acted on is deleted.")).to_be_visible()
    assert reading(database, jobs.list_jobs, name="acted on").items == []


def test_a_requested_cancel_shows_and_an_unfinished_job_is_not_full(
    database: Database, address: str, page: Page
) -> None:
    job = submitted(database, "to be cancelled")
    held = begun(database, epochs=3)
    writing(database, claims.heartbeat, held, lease_seconds=600, progress=0.3)
    page.goto(f"{address}/#/jobs/{job}?tab=runs")
    runs = page.locator("section", has=page.get_by_role("heading", name="Runs", exact=True)).locator("tbody tr")
    runs.get_by_role("button", name="cancel").click()
    expect(runs).to_contain_text("cancel requested")
    writing(database, claims.finish, held, outcome="cancelled")
    expect(runs).to_contain_text("⊘ cancelled")
    expect(runs).to_contain_text("30 %")


def test_failures_stand_at_the_top_with_their_reason(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "failed twice", seeds=2)
    for _ in range(2):
        held = begun(database)
        writing(database, claims.finish, held, outcome="failed", reason="diverged", message="the loss is not finite")
    page.goto(f"{address}/#/jobs/{job}")
    failures = page.get_by_role("alert", name="Failures")
    expect(failures).to_contain_text("2 runs failed")
    expect(failures).to_contain_text("the loss is not finite")
    page.get_by_role("button", name="Retry failed").click()
    expect(failures).to_have_count(0)
    cancelled(database, job)


@pytest.mark.campaign
def test_seeds_show_how_each_stands(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "seeds", seeds=4)
    done = begun(database, epochs=1)
    writing(database, claims.finish, done, outcome="succeeded")
    failed = begun(database)
    writing(database, claims.finish, failed, outcome="failed", reason="diverged")
    held = begun(database)
    page.goto(f"{address}/#/jobs/{job}")
    for seed, state in enumerate(("succeeded", "failed", "running", "queued")):
        expect(result(page).get_by_role("link", name=f"Seed {seed}, {state}")).to_be_visible()
    expect(result(page)).to_contain_text("1/4")
    cancelled(database, job)
    writing(database, claims.finish, held, outcome="cancelled")


def test_more_seeds_for_a_job_that_has_ended(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "more seeds")
    page.goto(f"{address}/#/jobs/{job}")
    page.get_by_role("button", name="More seeds").click()
    dialog = page.get_by_role("dialog", name="More seeds")
    seeds = dialog.get_by_label("Seeds, with commas")
    expect(seeds).to_have_value("2, 3")
    seeds.fill("two")
    dialog.get_by_role("button", name="Run them").click()
    expect(dialog.get_by_role("alert")).to_have_text("Whole numbers from 0, with commas.")
    seeds.fill("2, 2")
    dialog.get_by_role("button", name="Run them").click()
    expect(dialog.get_by_role("alert")).to_have_text("every seed may stand once")
    seeds.fill("1, 2, 3")
    dialog.get_by_role("button", name="Run them").dblclick()
    expect(page.get_by_text("4 runs more.")).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(result(page).filter(has_text="lpl")).to_contain_text("2/4")
    expect(result(page).filter(has_text="lpl").get_by_role("link", name="Seed 3, queued")).to_be_visible()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    assert reading(database, jobs.get, job).runs_total == 8
    cancelled(database, job)


@pytest.mark.campaign
def test_curves_go_on_as_epochs_come_and_go_back_with_a_rewind(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "going on")
    held = begun(database, epochs=2)
    page.goto(f"{address}/#/jobs/{job}?zoom=0-80")
    title = "Learning curves: Test error"
    expect(plot(page, title)).to_be_visible()
    assert len(csv_of(page, title)) == 3
    record(database, held, 3)
    expect(page.get_by_role("img", name=re.compile("at epoch 3"))).to_be_visible()
    assert len(csv_of(page, title)) == 4
    assert "zoom=0-80" in page.url
    cancelled(database, job)
    writing(database, claims.finish, held, outcome="cancelled")


def test_names_in_a_csv_are_text_to_a_spreadsheet(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "odd names")
    held = begun(database, epochs=1)
    writing(database, claims.finish, held, outcome="succeeded")
    page.goto(f"{address}/#/jobs/{job}?tab=variation")
    lines = csv_of(page, "Relative loss variation by class, epoch 1")
    assert [line.split(",")[0] for line in lines] == ["class", "'=1+1", "b", "'@c"]
    assert lines[1].split(",")[1:3] == ["9", "50"]


def test_png_and_svg_carry_title_axes_and_legend(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "to be printed")
    for tab, title, named in (
        ("overview", "Learning curves: Test error", ("epoch", "test error, %", "cross_entropy", "lpl")),
        ("variation", "Relative loss variation by class, epoch 3", ("training examples", "cross_entropy", "lpl")),
        ("variation", "Class by epoch: relative loss variation, lpl, seed 0", ("epoch", "<image", "-10 %")),
        ("classes", "Test accuracy by class, epoch 3", ("accuracy, %", "classes, most frequent first", "lpl")),
    ):
        page.goto(f"{address}/#/jobs/{job}?tab={tab}")
        chart = page.locator("figure", has=page.get_by_role("heading", name=title))
        expect(chart.locator("canvas")).to_be_visible()
        with page.expect_download() as caught:
            chart.get_by_role("button", name="SVG").click()
        svg = caught.value.path().read_text()
        assert svg.startswith("<svg")
        assert title in svg
        assert [text for text in named if text not in svg] == []
        with page.expect_download() as caught:
            chart.get_by_role("button", name="PNG").click()
        assert caught.value.path().read_bytes().startswith(b"\x89PNG")


def test_a_chart_is_a_table_for_who_cannot_see_it(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "read aloud")
    page.goto(f"{address}/#/jobs/{job}")
    chart = page.locator("figure", has=page.get_by_role("heading", name="Learning curves: Test error"))
    chart.get_by_role("button", name="Table").click()
    expect(chart.get_by_role("row")).to_have_count(4)
    chart.get_by_role("button", name="lpl", exact=True).click()
    expect(chart.get_by_role("button", name="lpl", exact=True)).to_have_attribute("aria-pressed", "true")


def test_hostile_names_stay_text(database: Database, address: str, page: Page) -> None:
    name = "<img src=x onerror=alert(1)>"
    job = submitted(database, name)
    cancelled(database, job)
    page.goto(f"{address}/#/jobs/{job}")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    assert page.locator("main img").count() == 0


def test_what_differs_from_another_job(database: Database, address: str, page: Page) -> None:
    ids = [submitted(database, f"spec {lr}", optimizer={"name": "sgd", "lr": lr}) for lr in (0.1, 0.2)]
    page.goto(f"{address}/#/jobs/{ids[1]}?tab=spec&against={ids[0]}")
    row = page.get_by_role("row").filter(has_text="optimizer.lr")
    expect(row).to_contain_text("0.1")
    expect(row).to_contain_text("0.2")
    for each in ids:
        cancelled(database, each)


def test_a_page_asks_as_often_for_350_runs_as_for_two(database: Database, address: str, page: Page) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/v1/" in request.url and not request.url.endswith("/events"):
            asked.append(request.url)

    counts = {}
    for seeds in (2, 350):
        job = submitted(database, f"{seeds} runs", seeds=seeds)
        held = begun(database, epochs=1)
        writing(database, claims.finish, held, outcome="succeeded")
        writing(database, requests.request_job, job, "cancel")
        counts[seeds] = 0
        for tab, title in (("overview", "Learning curves: Test error"), ("classes", "Test accuracy by class, epoch 1")):
            page.goto("about:blank")
            asked.clear()
            page.on("request", note)
            page.goto(f"{address}/#/jobs/{job}?tab={tab}")
            expect(plot(page, title)).to_be_visible()
            page.remove_listener("request", note)
            counts[seeds] += len(set(asked))
    assert counts[2] <= 14
    assert counts[350] - counts[2] <= 2  # beyond 100 runs the list of runs is asked for
    page.goto(f"{address}/#/jobs/{job}?tab=runs")
    table = page.get_by_role("region", name="Runs of 350 runs").get_by_role("table")
    expect(table).to_have_attribute("aria-rowcount", "351")
