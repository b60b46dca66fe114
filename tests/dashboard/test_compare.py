"""Sides beside each other: verdict, what differs, differences by seed, curves, classes, a table to copy."""

import struct
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

import lplcore
from store import jobs, metrics
from store.database.engine import Database
from store.database.records import NewRun, Series
from store.lifecycle import claims
from tests.dashboard.conftest import MULTI_LABEL, finished_job, series
from tests.store.databases import claimed, writing

pytestmark = pytest.mark.browser
ERROR = "test/top1_error"
INFO = {"class_names": ["a", "b", "c"], "class_counts": [9, 5, 2], "notes": []}
CONFUSION = (5.0, 0.0, 0.0, 1.0, 4.0, 0.0, 2.0, 1.0, 2.0)
"""Test examples of a, b and c by predicted class."""


def measured(db: Database, name: str, *errors: list[float | None], **changes: Any) -> str:
    """A job whose points have these errors by seed (None: it fails); its id."""
    change = {"name": name, "epochs": 2, "seeds": list(range(len(errors[0]))), **changes}
    spec = lplcore.parse_spec({"preset": "digits_long_tail", "override": change})
    runs = [NewRun(run.seed, run.point, run.spec.model_dump(mode="json"), 2) for run in spec.plan()]
    dumped = spec.model_dump(mode="json")
    job = writing(db, jobs.submit, jobs.new_job(spec=dumped, runs=runs, method="lpl")).job
    for error in [value for point in errors for value in point]:
        run(db, error)
    return job.id


def run(db: Database, error: float | None) -> None:
    """Train the next run to this error."""
    held = claimed(db, worker_id="w_1", device="cpu", lease_seconds=60)
    assert held is not None
    writing(db, metrics.record_start, held, INFO)
    if error is None:
        writing(db, claims.finish, held, outcome="failed", reason="diverged", message="the loss is not finite")
        return
    for epoch in (1, 2):
        values = {ERROR: 2 * error / epoch, f"{ERROR}.many": error / 2, "train/loss": 1 / epoch}
        arrays = {name: series(-error, 0.0, error) for name in ("relative_loss_variation", "test/accuracy")}
        if epoch == 2:
            arrays["confusion_matrix"] = Series((3, 3), struct.pack("<9f", *CONFUSION))
        writing(db, metrics.record_epoch, held, epoch=epoch, epochs=2, metrics=values, series=arrays)
    writing(db, claims.finish, held, outcome="succeeded")


def section(page: Page, heading: str) -> Any:
    """The panel with a heading."""
    return page.locator("section", has=page.get_by_role("heading", name=heading))


def csv_of(page: Page, title: str) -> list[str]:
    """The lines of a chart's CSV."""
    chart = page.locator("figure", has=page.get_by_role("heading", name=title))
    with page.expect_download() as caught:
        chart.get_by_role("button", name="CSV").click()
    return caught.value.path().read_text().splitlines()


TWO = {"method": ["lpl", "cross_entropy"]}


def test_a_lead_beyond_the_noise_is_bold_and_said(database: Database, address: str, page: Page) -> None:
    job = measured(database, "clear", [0.10, 0.12, 0.11], [0.20, 0.22, 0.22], sweep=TWO)
    page.goto(f"{address}/#/compare?job={job}")
    expect(page.locator(".verdict")).to_contain_text("lpl")
    expect(page.get_by_text("does not hold zero (paired by seed, n = 3)")).to_be_visible()
    rows = section(page, "Result").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0).locator(".best").first).to_have_text("11.00 ± 1.00")
    expect(rows.nth(1).locator(".best")).to_have_count(0)
    lines = csv_of(page, "Differences in test error")
    assert lines[1].startswith("lpl − cross_entropy,-10.3")
    assert lines[1].split(",")[4:6] == ["3", "yes"]
    expect(section(page, "What differs")).to_contain_text("method.alias")


def test_points_that_differ_in_a_parameter_only_are_sides(database: Database, address: str, page: Page) -> None:
    methods = [{"alias": "lpl", "threshold": 0.3}, {"alias": "lpl", "threshold": 0.6}]
    job = measured(database, "parameter", [0.1, 0.2], [0.11, 0.19], sweep={"method": methods})
    page.goto(f"{address}/#/compare?job={job}")
    names = section(page, "Result").locator("tbody tr td:first-child")
    expect(names).to_have_text(["lpl threshold=0.3", "lpl threshold=0.6"])
    expect(section(page, "What differs").locator("tbody tr")).to_have_count(1)
    for title in ("Learning curves: test error", "Relative loss variation by class: epoch 2"):
        header = csv_of(page, title)[0]
        assert "threshold=0.3" in header
        assert "threshold=0.6" in header
    expect(page.locator(".best")).to_have_count(0)
    expect(page.get_by_text("Two seeds in common give a very wide interval")).to_be_visible()


@pytest.mark.campaign
def test_one_seed_gives_no_interval(database: Database, address: str, page: Page) -> None:
    job = measured(database, "partial", [0.1, None, None], [0.3, 0.3, 0.2], sweep=TWO)
    page.goto(f"{address}/#/compare?job={job}")
    expect(page.get_by_text("one seed in common gives no measure of the noise")).to_be_visible()
    expect(page.get_by_text("Without all their seeds: lpl (2 of 3 missing)")).to_be_visible()
    expect(section(page, "Result").locator("tbody tr").first).to_contain_text("10.00 (n = 1)")
    expect(page.locator(".best")).to_have_count(0)


def test_sides_are_taken_out_and_added_in_the_address(database: Database, address: str, page: Page) -> None:
    swept = measured(
        database, "of three", [0.1], [0.2], [0.3], sweep={"method": ["lpl", "cross_entropy", "logit_adjustment"]}
    )
    alone = measured(database, "an added one", [0.4], sweep={"method": ["focal"]})
    page.goto(f"{address}/#/compare?job={swept}")
    page.get_by_role("button", name="Take out cross_entropy").click()
    expect(page.get_by_role("heading", name="Compare 2 sides")).to_be_visible()
    assert "without=" in page.url
    page.get_by_text("Add a job").click()
    page.get_by_label("Name of a job").fill("an added")
    page.get_by_role("button", name="Add an added one").click()
    expect(page.get_by_role("heading", name="Compare 3 sides")).to_be_visible()
    assert f"job={alone}" in page.url
    expect(section(page, "Result")).to_contain_text("focal")
    page.get_by_role("button", name="Show 1 left out").click()
    expect(page.get_by_role("heading", name="Compare 4 sides")).to_be_visible()


@pytest.mark.campaign
def test_the_table_is_copied_as_the_service_writes_it(database: Database, address: str, browser: Browser) -> None:
    job = measured(database, "table", [0.10, 0.12, 0.11], [0.20, 0.22, 0.22], sweep=TWO)
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/#/compare?job={job}")
    table = section(page, "Table for a paper")
    expect(table.locator("pre")).to_contain_text(r"\textbf{11.00")
    table.get_by_role("checkbox", name="cross_entropy").uncheck()
    table.get_by_role("checkbox", name="Test error, many-shot classes").uncheck()
    expect(table.locator("pre")).not_to_contain_text("many")
    expect(table.locator("pre")).not_to_contain_text("entropy")
    table.get_by_role("button", name="Markdown", exact=True).click()
    expect(table.locator("pre")).to_contain_text("| lpl |")
    table.get_by_role("button", name="Copy Markdown").click()
    expect(page.get_by_text("Copied as Markdown.")).to_be_visible()
    assert "| lpl |" in page.evaluate("navigator.clipboard.readText()")
    context.close()


def test_data_sets_are_columns_and_ranked_apart(database: Database, address: str, page: Page) -> None:
    jobs_of = [
        measured(
            database, f"IF {factor}", [0.1], [0.2], sweep=TWO, dataset={"name": "digits", "imbalance_factor": factor}
        )
        for factor in (10, 30)
    ]
    page.goto(f"{address}/#/compare?job={jobs_of[0]}&job={jobs_of[1]}")
    expect(page.get_by_text("The sides are of 2 data sets (digits 10:1, digits 30:1)")).to_be_visible()
    expect(page.locator(".verdict")).to_have_count(2)
    heads = section(page, "Table for a paper").locator("thead th")
    expect(heads).to_have_text(["Method", "digits 10:1: Error %", "digits 30:1: Error %"])
    expect(section(page, "Table for a paper").locator("tbody tr")).to_have_count(2)
    assert len(csv_of(page, "Differences in test error")) == 3


def test_tasks_are_told_apart(database: Database, address: str, page: Page) -> None:
    single, multi = finished_job(database, "single"), finished_job(database, "multi", written=MULTI_LABEL)
    page.goto(f"{address}/#/compare?job={single}&job={multi}")
    expect(page.get_by_text("The sides are of different tasks")).to_be_visible()


@pytest.mark.campaign
def test_the_confusions_of_two_are_subtracted(database: Database, address: str, page: Page) -> None:
    job = measured(database, "confused", [0.1], [0.2], sweep=TWO)
    page.goto(f"{address}/#/compare?job={job}")
    page.get_by_text("Which classes are taken for which").click()
    expect(page.get_by_text("The two agree in every cell.")).to_be_visible()
    runs = [run["id"] for run in page.request.get(f"{address}/v1/jobs/{job}").json()["runs"]]
    page.goto(f"{address}/#/jobs/{job}?tab=classes&run={runs[0]}")
    listed = page.get_by_role("table").filter(has_text="Largest confusions").locator("tbody tr")
    expect(listed.first).to_contain_text("40.0")
    lines = csv_of(page, "Confusion matrix")
    assert [line.split(",")[0] for line in lines[1:]] == ["a", "b", "c"]
    assert lines[3] == "c,40,20,40"


@pytest.mark.campaign
def test_requests_do_not_grow_with_the_runs(database: Database, address: str, page: Page) -> None:
    def asked(job: str) -> list[str]:
        sent: list[str] = []

        def hear(request: Request) -> None:
            if "/v1/" in request.url and "/events" not in request.url:
                sent.append(request.url.split("?")[0].replace(job, "JOB"))

        page.goto("about:blank")
        page.on("request", hear)
        page.goto(f"{address}/#/compare?job={job}")
        expect(page.get_by_role("img", name="Relative loss variation by class").locator("canvas")).to_be_visible()
        expect(section(page, "Table for a paper").locator("pre")).to_be_visible()
        page.remove_listener("request", hear)
        return sorted(set(sent))

    few = measured(database, "few runs", [0.1], [0.2], sweep=TWO)
    many = measured(database, "many runs", [0.1] * 8, [0.2] * 8, sweep=TWO)
    assert asked(few) == asked(many)
    assert not [url for url in asked(many) if "/runs/" in url]


def test_nothing_chosen_and_what_is_gone_say_what_to_do(database: Database, address: str, page: Page) -> None:
    page.goto(f"{address}/#/compare")
    expect(page.get_by_text("Nothing is chosen yet")).to_be_visible()
    page.goto(f"{address}/#/compare?job=j_000000000000000000000000")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="Take out j_000000000000000000000000").click()
    expect(page.get_by_text("Nothing is chosen yet")).to_be_visible()
    alone = measured(database, "alone", [0.1], sweep={"method": ["lpl"]})
    page.goto(f"{address}/#/compare?job={alone}")
    expect(page.get_by_role("alert")).to_contain_text("2 to 32 sides")
