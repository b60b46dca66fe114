"""Submit: a form that is kept, checked and drawn as one writes, and sent once."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from store import jobs
from store.database.engine import Database
from store.lifecycle import requests
from tests.dashboard.conftest import finished_job
from tests.dashboard.submit_page import opened, plan, sent
from tests.store.databases import reading, writing

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def no_job_waits(database: Database) -> Iterator[None]:
    """Cancel what a test has submitted: the next test's runs are claimed in the order of the queue."""
    yield
    for state in ("queued", "running"):
        for job in reading(database, jobs.list_jobs, state=state).items:
            writing(database, requests.request_job, job.id, "cancel")


def test_an_experiment_is_filled_in_checked_and_submitted(database: Database, address: str, page: Page) -> None:
    opened(page, address)
    page.get_by_label("Name", exact=True).last.fill("from the form")
    page.get_by_label("Seeds").fill("1-2, 5")
    page.get_by_label("Epochs", exact=True).fill("4")
    expect(plan(page)).to_contain_text("Runs3")
    expect(plan(page)).to_contain_text("Epochs each4")
    wanted = {"name": "from the form", "seeds": [1, 2, 5], "epochs": 4, "method": "lpl"}
    assert wanted.items() <= sent(page).items()
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_role("heading", name="from the form")).to_be_visible()
    [job] = reading(database, jobs.list_jobs, name="from the form").items
    assert reading(database, jobs.get, job.id).spec["seeds"] == [1, 2, 5]


def test_pressed_twice_it_is_one_job_and_changed_another(database: Database, address: str, page: Page) -> None:
    opened(page, address)
    for name in ("sent twice", "sent twice, changed"):
        page.get_by_label("Name", exact=True).last.fill(name)
        expect(plan(page)).to_contain_text("As it should be")
        page.get_by_role("button", name="Submit", exact=True).dblclick()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        page.go_back()
        expect(plan(page)).to_contain_text("This was submitted as")
    names = [job.name for job in reading(database, jobs.list_jobs, name="sent twice").items]
    assert sorted(names) == ["sent twice", "sent twice, changed"]


def test_what_is_wrong_stands_beside_its_field_once_until_it_is_mended(
    database: Database, address: str, page: Page
) -> None:
    opened(page, address)
    page.get_by_label("Epochs", exact=True).fill("-1")
    page.get_by_label("Threshold", exact=True).fill("99")
    page.get_by_label("Lr", exact=True).fill("fast")
    for label, message in (("Epochs", "greater than or equal to 1"), ("Lr", "must be a valid number")):
        field = page.locator(".field", has=page.get_by_label(label, exact=True))
        expect(field.get_by_role("alert")).to_contain_text(message)
    expect(page.get_by_text("greater than or equal to 1")).to_have_count(1)
    expect(page.get_by_role("button", name="Submit", exact=True)).to_be_disabled()
    page.get_by_label("Epochs", exact=True).fill("3")
    page.get_by_label("Lr", exact=True).fill("")
    threshold = page.locator(".field", has=page.get_by_label("Threshold", exact=True))
    expect(threshold.get_by_role("alert")).to_contain_text("outside [0, C + 1]")
    page.get_by_label("Threshold", exact=True).fill("0.5")
    expect(plan(page)).to_contain_text("As it should be")
    expect(page.locator("form .errors")).to_have_count(0)


@pytest.mark.campaign
def test_several_methods_are_a_sweep(database: Database, address: str, page: Page) -> None:
    opened(page, address)
    page.get_by_role("checkbox", name="Cross entropy", exact=True).first.check()
    expect(plan(page)).to_contain_text("Runs6")
    assert sent(page)["sweep"] == {"method": ["lpl", "cross_entropy"]}
    page.get_by_text("All 32 methods").click()
    page.get_by_label("Find").fill("seesaw")
    page.locator(".all-methods").get_by_role("checkbox").check()
    expect(plan(page)).to_contain_text("Runs9")
    for name in ("LPL (class-level logit perturbation)", "Cross entropy"):
        page.get_by_role("checkbox", name=name, exact=True).first.uncheck()
    assert "sweep" not in sent(page)
    assert sent(page)["method"] == "seesaw"


def test_a_number_is_swept_over_and_its_errors_stand_beside_it(database: Database, address: str, page: Page) -> None:
    opened(page, address)
    page.get_by_role("button", name="Sweep over Delta epsilon").click()
    page.get_by_label("Delta epsilon", exact=True).fill("1, 2, 4")
    expect(plan(page)).to_contain_text("Runs9")
    assert sent(page)["sweep"] == {"method.perturbations.0.delta_epsilon": [1, 2, 4]}
    page.get_by_label("Sweep over another number").select_option("optimizer.lr")
    rate = page.locator(".field", has=page.get_by_label("Lr", exact=True))
    rate.get_by_role("textbox").fill("0.1, -1")
    expect(rate.get_by_role("alert")).to_contain_text("must be greater than 0")
    expect(page.get_by_text("must be greater than 0")).to_have_count(1)
    page.get_by_role("button", name="Do not sweep over optimizer.lr").click()
    expect(plan(page)).to_contain_text("As it should be")


def test_bounds_are_drawn_and_follow_the_slider(database: Database, address: str, page: Page) -> None:
    opened(page, address)
    chart = page.get_by_role("img", name="LPL's bounds over the classes")
    expect(chart.locator("canvas")).to_be_visible()
    expect(page.get_by_text("4 head classes: the loss falls")).to_be_visible()
    with page.expect_response("**/v1/bounds"):
        page.get_by_label("Threshold, slider").press("ArrowRight")
        page.get_by_label("Threshold, slider").press("ArrowRight")
    expect(page.get_by_text("5 head classes: the loss falls")).to_be_visible()
    assert sent(page)["method"] == {"alias": "lpl", "threshold": 0.5}
    figure = page.locator("figure", has=page.get_by_role("heading", name="LPL's bounds over the classes"))
    with page.expect_download() as caught:
        figure.get_by_role("button", name="CSV").click()
    lines = caught.value.path().read_text().splitlines()
    assert lines[0] == "class,training examples,side,bound,steps"
    assert "head: negative augmentation" in lines[1]
    assert "tail: positive augmentation" in lines[-1]


@pytest.mark.campaign
def test_a_finished_run_gives_an_estimate(database: Database, address: str, page: Page) -> None:
    metrics = {"metrics": ("train/examples_per_second", "test/top1_error"), "series": {}}
    finished_job(database, "the basis", written=metrics)
    opened(page, address)
    expect(plan(page)).to_contain_text("Training takes about")


@pytest.mark.campaign
def test_the_service_goes_away_while_one_writes_and_nothing_is_lost(
    database: Database, address: str, page: Page
) -> None:
    opened(page, address)
    page.route("**/v1/jobs/validate", lambda route: route.fulfill(status=502, body="bad gateway"))
    page.get_by_label("Epochs", exact=True).fill("5")
    expect(plan(page)).to_contain_text("answered 502")
    page.unroute("**/v1/jobs/validate")
    expect(plan(page)).to_contain_text("Epochs each5")
    expect(plan(page)).to_contain_text("As it should be")


def test_without_a_method_the_usual_three_are_compared(database: Database, address: str, page: Page) -> None:
    opened(page, address)
    page.get_by_role("checkbox", name="LPL (class-level logit perturbation)", exact=True).uncheck()
    expect(page.get_by_text("None is chosen: cross entropy, logit adjustment and LPL")).to_be_visible()
    expect(plan(page)).to_contain_text("Runs9")
    assert "method" not in sent(page)
