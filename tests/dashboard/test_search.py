"""A search on its job's page, and how one is written on the page of Submit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from store.database.engine import Database
from tests.api.searching import job_of, take, train
from tests.dashboard.conftest import serving
from tests.dashboard.studied import TRIALS, searched
from tests.dashboard.submit_page import opened, plan, sent
from tests.dashboard.test_job import csv_of, plot

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, str, str]]:
    """A database with a search that has ended, the service's address, the search's job."""
    folder: Path = tmp_path_factory.mktemp("search")
    db = Database(f"sqlite:///{folder / 'lpl.sqlite3'}")
    db.migrate()
    job = searched(db, folder)
    with serving(db) as address:
        yield db, address, job
    db.dispose()


def rows(page: Page) -> Any:
    """The rows of the table of trials."""
    return page.get_by_role("region", name="Trials of the search").locator("tbody tr")


def test_the_best_comes_first_and_the_charts_have_every_trial(world: tuple[Database, str, str], page: Page) -> None:
    db, address, job = world
    search = job_of(db, job)["search"]
    best = next(trial for trial in search["trials"] if trial["run"] == search["best"]["run"])
    page.goto(f"{address}/#/jobs/{job}")
    expect(page.locator(".verdict").last).to_contain_text(f"{100 * best['value']:.2f} % by trial {best['number'] + 1}")
    expect(page.get_by_text("1 failed")).to_be_visible()
    expect(page.get_by_text("2 finalists get the seeds 0, 1, 2")).to_be_visible()
    for title in ("Best so far over the trials", "Parallel coordinates", "Validation error against delta epsilon"):
        expect(plot(page, title)).to_be_visible()
        assert len(csv_of(page, title)) == TRIALS  # a head, and all trials but the failed one
    assert len(csv_of(page, "How far each trial has come")) == TRIALS + 1
    importance = page.locator("section", has=page.get_by_role("heading", name="Importance of the parameters"))
    expect(importance.locator("tbody tr").first).to_contain_text("delta epsilon")  # the error is of nothing else
    expect(importance).to_contain_text("From 9 trials it is a hint")


def test_trials_are_sorted_shown_in_the_charts_and_lead_to_their_runs(
    world: tuple[Database, str, str], page: Page
) -> None:
    db, address, job = world
    trials = job_of(db, job)["search"]["trials"]
    page.goto(f"{address}/#/jobs/{job}")
    expect(rows(page)).to_have_count(TRIALS)
    expect(rows(page).first).to_contain_text("failed")
    page.get_by_role("region", name="Trials of the search").get_by_role("button", name="Validation error").click()
    expect(rows(page).first).to_contain_text("trained to the end")
    expect(rows(page).last).to_contain_text("failed")
    page.get_by_role("button", name="Show trial 2 in the charts").press("Enter")
    expect(page.get_by_role("button", name="Show trial 2 in the charts")).to_have_attribute("aria-pressed", "true")
    assert "trial=2" in page.url
    pruned = next(trial for trial in trials if trial["state"] == "pruned")
    rows(page).get_by_role("link", name=str(pruned["number"] + 1), exact=True).click()
    expect(page.locator("strong", has_text="its search let it go no further")).to_be_visible()


def test_a_search_is_written_in_place_of_a_sweep_followed_and_extended(
    world: tuple[Database, str, str], page: Page
) -> None:
    db, address, _ = world
    opened(page, address)
    page.get_by_role("button", name="Sweep over Lr").click()
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("button", name="A range of optimizer.lr").click()
    page.get_by_label("Trials", exact=True).fill("3")
    page.get_by_label("Sampler").select_option("random")
    page.get_by_label("Epochs", exact=True).fill("8")
    page.get_by_label("Successive halving").check()
    page.get_by_label("Min epochs").fill("4")
    numbers = page.get_by_label("Search another number").locator("option")
    expect(numbers.filter(has_text="optimizer.momentum")).to_have_count(1)
    for compared in ("dataset.subset_seed", "dataset.validation_fraction", "dataset.imbalance_factor"):
        expect(numbers.get_by_text(compared, exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Search Epochs")).to_have_count(0)
    page.get_by_label("Name", exact=True).last.fill("written here")
    expect(plan(page)).to_contain_text("Runs at most3")
    halving = {"min_epochs": 4, "factor": 3}
    space = {"optimizer.lr": {"low": 0.05, "high": 0.2, "log": True}}
    assert sent(page)["search"] == {"sampler": "random", "trials": 3, "space": space, "halving": halving}
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_text("No trial has a value yet.")).to_be_visible()
    held = take(db)
    assert held is not None
    train(db, held)
    expect(rows(page).filter(has_text="waits at a rung")).to_contain_text("1 of 2 (4 epochs)")
    page.get_by_role("tab", name="Runs").click()
    waiting = page.get_by_role("region", name="Runs of written here").get_by_role("row").filter(has_text="at rung")
    expect(waiting.get_by_role("button")).to_have_text(["cancel"])
    page.get_by_role("button", name="More trials").click()
    page.get_by_role("dialog").get_by_label("Trials").fill("2")
    page.get_by_role("button", name="Search on").click()
    expect(page.get_by_text("5 runs", exact=True)).to_be_visible()
