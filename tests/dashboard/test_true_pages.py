"""What the dashboard says is so, and what somebody asks of it happens once."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

import lplcore
from store import checkpoints, jobs, metrics
from store.database.engine import Database
from store.database.records import Claim, NewRun
from store.lifecycle import claims, requests
from tests.dashboard.conftest import finished_job, series
from tests.store.databases import claimed, reading, writing

pytestmark = pytest.mark.browser
CLASSES = {"class_names": ["=1+1", "b", "@c"], "class_counts": [9, 5, 2], "notes": []}


def submitted(db: Database, name: str, *, seeds: int = 1, **changes: Any) -> str:
    """A job that waits; its id."""
    spec = lplcore.parse_spec({"dataset": "digits", "method": "lpl", "epochs": 10, "name": name, **changes})
    dumped = spec.model_dump(mode="json")
    new = [NewRun(seed, {}, dumped, spec.epochs) for seed in range(seeds)]
    return writing(db, jobs.submit, jobs.new_job(spec=dumped, runs=new, method="lpl")).job.id


def begun(db: Database, *, epochs: int = 0) -> Claim:
    """The next run in training, with so many of ten epochs recorded."""
    held = claimed(db, worker_id="w_1", device="cpu", lease_seconds=600)
    assert held is not None
    writing(db, metrics.record_start, held, CLASSES)
    for epoch in range(1, epochs + 1):
        arrays = {name: series(0.5, 0.25, 0.125) for name in ("relative_loss_variation", "test/accuracy")}
        values = {"test/top1_error": 1 / epoch, "train/loss": 1.0}
        writing(db, metrics.record_epoch, held, epoch=epoch, epochs=10, metrics=values, series=arrays)
    return held


def runs_rows(page: Page) -> Any:
    """The rows of the table of runs."""
    return page.locator("section", has=page.get_by_role("heading", name="Runs", exact=True)).locator("tbody tr")


def test_points_that_differ_in_a_parameter_only_are_two(database: Database, address: str, page: Page) -> None:
    methods = [{"alias": "lpl", "threshold": 0.3}, {"alias": "lpl", "threshold": 0.6}]
    job = finished_job(database, "parameters", sweep={"method": methods})
    page.goto(f"{address}/#/jobs/{job}")
    result = page.locator("section", has=page.get_by_role("heading", name="Result"))
    expect(result.locator("tbody tr")).to_have_count(2)
    for number, threshold in enumerate(("0.3", "0.6")):
        expect(result.locator("tbody tr").nth(number)).to_contain_text(f"threshold = {threshold}")
    with page.expect_download() as caught:
        variation = page.locator("section", has=page.get_by_role("heading", name="Relative loss variation"))
        variation.get_by_role("button", name="CSV").click()
    header = caught.value.path().read_text().splitlines()[0]
    assert [name for name in ("0.3", "0.6") if f"threshold = {name}" in header] == ["0.3", "0.6"]


def test_the_newest_checkpoint_is_downloaded(database: Database, address: str, page: Page, tmp_path: Path) -> None:
    job = submitted(database, "kept")
    held = begun(database, epochs=2)
    for epoch in (1, 2):
        (tmp_path / "file").write_bytes(f"checkpoint {epoch}".encode())
        checkpoints.upload(database.write, held, tmp_path / "file", epoch=epoch, step=0, kind="last", keep_last=2)
    writing(database, claims.finish, held, outcome="succeeded")
    page.goto(f"{address}/#/jobs/{job}")
    with page.expect_download() as caught:
        page.get_by_role("button", name="checkpoint").click()
    assert caught.value.suggested_filename == f"{held.run_id}-epoch2.safetensors"
    assert caught.value.path().read_bytes() == b"checkpoint 2"


def test_a_form_sent_twice_makes_one_job_and_a_changed_one_another(
    database: Database, address: str, page: Page
) -> None:
    page.goto(f"{address}/#/submit")
    text = page.get_by_label("Specification (JSON)")
    for name in ("sent twice", "sent twice, changed"):
        text.fill(json.dumps({"name": name, "dataset": "digits", "method": "lpl"}))
        with page.expect_response(lambda answer: answer.url.endswith("/v1/jobs") and answer.status == 201):
            page.evaluate(
                "() => { const form = document.querySelector('form'); form.requestSubmit(); form.requestSubmit(); }"
            )
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        page.go_back()
        expect(text).to_be_visible()
    found = [job.name for job in reading(database, jobs.list_jobs, name="sent twice").items]
    assert sorted(found) == ["sent twice", "sent twice, changed"]
    for job in reading(database, jobs.list_jobs, name="sent twice").items:
        writing(database, requests.request_job, job.id, "cancel")


def test_a_requested_cancel_shows_and_an_unfinished_job_is_not_full(
    database: Database, address: str, page: Page
) -> None:
    job = submitted(database, "to be cancelled")
    held = begun(database, epochs=3)
    writing(database, claims.heartbeat, held, lease_seconds=600, progress=0.3)
    page.goto(f"{address}/#/jobs/{job}")
    runs_rows(page).get_by_role("button", name="cancel").click()
    expect(runs_rows(page)).to_contain_text("cancel requested")
    writing(database, claims.finish, held, outcome="cancelled")
    expect(page.get_by_text("cancelled", exact=True).first).to_be_visible(timeout=10_000)
    expect(page.get_by_text("30 %", exact=True)).to_be_visible()
    page.goto(f"{address}/#/?name=to be cancelled")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "0.3")


def test_a_log_is_read_to_its_end_and_says_how_the_run_failed(database: Database, address: str, page: Page) -> None:
    submitted(database, "many lines")
    held = begun(database)
    for number in range(900):
        writing(database, claims.log, held, "info", f"line {number}.")
    writing(database, claims.finish, held, outcome="failed", reason="diverged", message="the loss is not finite")
    page.goto(f"{address}/#/runs/{held.run_id}/log")
    expect(page.get_by_text("diverged: the loss is not finite")).to_be_visible()
    page.get_by_role("button", name="Load more lines").click()
    expect(page.get_by_text("line 899.")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(900)
    expect(page.get_by_role("button", name="Load more lines")).to_be_hidden()
    times = page.locator("tbody tr td:first-child").all_inner_texts()
    assert all(re.search(r"\d\d?:\d\d", text) for text in times)
    assert not any("undefined" in text or "Invalid" in text for text in times)


def test_all_runs_of_a_large_job_are_shown_with_as_many_requests_as_for_a_small_one(
    database: Database, address: str, page: Page
) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/v1/" in request.url:
            asked.append(request.url)

    counts = []
    for seeds in (2, 350):
        job = submitted(database, f"{seeds} runs", seeds=seeds)
        held = begun(database, epochs=1)
        page.goto("about:blank")
        asked.clear()
        page.on("request", note)
        page.goto(f"{address}/#/jobs/{job}")
        expect(runs_rows(page)).to_have_count(seeds)
        expect(page.get_by_role("img", name="Test accuracy per class")).to_be_visible()
        page.remove_listener("request", note)
        counts.append(len(set(asked)))
        assert not [url for url in asked if url.endswith("/events")]
        writing(database, requests.request_job, job, "cancel")
        writing(database, claims.finish, held, outcome="cancelled")
    assert max(counts) <= 7
    assert counts[1] - counts[0] <= 1  # beyond 100 runs the list of runs is asked for


def test_seeds_that_may_still_come_are_not_missing(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "seeds", seeds=4)
    done, failed = begun(database, epochs=1), None
    writing(database, claims.finish, done, outcome="succeeded")
    failed = begun(database)
    writing(database, claims.finish, failed, outcome="failed", reason="diverged")
    begun(database)
    page.goto(f"{address}/#/jobs/{job}")
    row = page.locator("section", has=page.get_by_role("heading", name="Result")).locator("tbody tr")
    expect(row.locator("td").nth(-1)).to_have_text("1")
    expect(row.locator("td").nth(-2)).to_have_text("2")
    writing(database, requests.request_job, job, "cancel")


def test_filters_that_match_nothing_are_not_an_empty_service(database: Database, address: str, page: Page) -> None:
    writing(database, requests.request_job, submitted(database, "something"), "cancel")
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
    expect(page.get_by_role("row").filter(has_text="of two methods")).to_contain_text("cross_entropy, ldam")
    writing(database, requests.request_job, job.id, "cancel")


def test_names_in_a_csv_are_text_to_a_spreadsheet(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "odd names")
    held = begun(database, epochs=1)
    writing(database, claims.finish, held, outcome="succeeded")
    page.goto(f"{address}/#/jobs/{job}")
    section = page.locator("section", has=page.get_by_role("heading", name="Relative loss variation"))
    with page.expect_download() as caught:
        section.get_by_role("button", name="CSV").click()
    lines = caught.value.path().read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["class", "'=1+1 (9)", "b (5)", "'@c (2)"]
    assert lines[1].split(",")[1] == "50"


def test_seven_open_pages_leave_room_for_requests(database: Database, address: str, page: Page) -> None:
    job = submitted(database, "in many tabs")
    others = [page.context.new_page() for _ in range(6)]
    for other in [*others, page]:
        other.goto(f"{address}/#/jobs/{job}")
        expect(other.get_by_role("heading", name="in many tabs")).to_be_visible()
    page.get_by_role("button", name="pause").click()
    expect(page.get_by_role("button", name="resume")).to_be_visible()
    for other in others:
        expect(other.get_by_role("button", name="resume")).to_be_visible(timeout=15_000)
        other.close()
    writing(database, requests.request_job, job, "cancel")


def test_a_page_of_8142_classes_is_drawn_with_as_many_methods_as_there_are(
    database: Database, address: str, page: Page
) -> None:
    thresholds = [round(0.02 * place, 2) for place in range(1, 21)]
    methods = [{"alias": "lpl", "threshold": threshold} for threshold in thresholds]
    spec = lplcore.parse_spec({"dataset": "digits", "method": "lpl", "epochs": 1, "sweep": {"method": methods}})
    runs = [NewRun(run.seed, run.point, run.spec.model_dump(mode="json"), 1) for run in spec.plan()]
    dumped = spec.model_dump(mode="json")
    job = writing(database, jobs.submit, jobs.new_job(spec=dumped, runs=runs, method="lpl")).job.id
    species = 8142
    info = {
        "class_names": [f"Genus species {c:04}" for c in range(species)],
        "class_counts": [1000 - c // 9 for c in range(species)],
        "notes": [],
    }
    values = series(*(c / species for c in range(species)))
    arrays = dict.fromkeys(("relative_loss_variation", "test/accuracy"), values)
    for _ in runs:
        held = claimed(database, worker_id="w_1", device="cpu", lease_seconds=600)
        assert held is not None
        writing(database, metrics.record_start, held, info)
        error = {"test/top1_error": 0.5}
        writing(database, metrics.record_epoch, held, epoch=1, epochs=1, metrics=error, series=arrays)
        writing(database, claims.finish, held, outcome="succeeded")
    page.goto(f"{address}/#/jobs/{job}")
    expect(page.get_by_role("img", name="Test accuracy per class").locator("canvas")).to_be_visible()
    with page.expect_download() as caught:
        variation = page.locator("section", has=page.get_by_role("heading", name="Relative loss variation"))
        variation.get_by_role("button", name="CSV").click()
    assert len(caught.value.path().read_text().splitlines()) == species + 1
