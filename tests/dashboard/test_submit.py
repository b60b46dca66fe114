"""Submit: what one writes is kept, checked, drawn, sent once and sent as it is shown."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Locator, Page, expect

from store import jobs
from store.database.engine import Database
from store.lifecycle import requests
from tests.dashboard.conftest import finished_job
from tests.store.databases import reading, writing

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def no_job_waits(database: Database) -> Iterator[None]:
    """Cancel what a test has submitted: the next test's runs are claimed in the order of the queue."""
    yield
    for state in ("queued", "running"):
        for job in reading(database, jobs.list_jobs, state=state).items:
            writing(database, requests.request_job, job.id, "cancel")


def opened(page: Page, address: str, query: str = "") -> None:
    """The form, once the service has looked at what is in it."""
    page.goto(f"{address}/#/submit{query}")
    expect(plan(page)).to_contain_text("As it should be")


def plan(page: Page) -> Locator:
    """The part that says what will run."""
    return page.locator("section", has=page.get_by_role("heading", name="What will run"))


def sent(page: Page) -> dict[str, Any]:
    """What the page says it sends."""
    content: dict[str, Any] = yaml.safe_load(page.get_by_label("What is sent, as YAML").inner_text())
    return content


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


def test_an_unknown_field_is_listed_beside_all_others(database: Database, address: str, page: Page) -> None:
    opened(page, address, "?tab=text")
    page.get_by_label("Specification").fill('{"dataset": "digits", "method": "lpl", "colour": "red", "epochs": 0}')
    expect(plan(page)).to_contain_text("unknown field 'colour'")
    expect(plan(page)).to_contain_text("epochs")
    page.get_by_role("button", name="Form", exact=True).click()
    expect(plan(page)).to_contain_text("unknown field 'colour'")
    expect(plan(page)).to_contain_text("1 field is wrong")
    expect(plan(page)).not_to_contain_text("greater than or equal to 1")


def test_form_and_text_are_one_and_outlive_a_reload(database: Database, address: str, page: Page) -> None:
    opened(page, address)
    page.get_by_label("Imbalance factor", exact=True).fill("50")
    page.get_by_role("button", name="YAML / JSON").click()
    text = page.get_by_label("Specification")
    expect(text).to_have_value(re.compile("imbalance_factor: 50"))
    text.fill("name: yes\ndataset: {name: digits, imbalance_factor: 30}\nmethod: lpl\n")
    page.reload()
    page.get_by_role("button", name="Form", exact=True).click()
    expect(page.get_by_label("Imbalance factor", exact=True)).to_have_value("30")
    page.get_by_role("link", name="Jobs", exact=True).click()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    page.get_by_role("link", name="Submit", exact=True).click()
    expect(page.get_by_label("Imbalance factor", exact=True)).to_have_value("30")


def test_text_that_is_no_specification_is_kept_and_not_submitted(database: Database, address: str, page: Page) -> None:
    opened(page, address, "?tab=text")
    text = page.get_by_label("Specification")
    text.fill("dataset: [digits")
    expect(page.get_by_role("alert").filter(has_text="neither YAML nor JSON")).to_be_visible()
    expect(page.get_by_role("button", name="Submit", exact=True)).to_be_disabled()
    page.reload()
    expect(text).to_have_value("dataset: [digits")


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
    assert "head: negative augmentation" in lines[1] and "tail: positive augmentation" in lines[-1]


def test_a_job_is_copied_changed_and_its_own_spec_is_shown(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "to be copied")
    opened(page, address, f"?job={job}")
    expect(page.get_by_text("A copy of")).to_contain_text("to be copied")
    assert sent(page)["sweep"] == {"method": ["cross_entropy", "lpl"]}
    page.get_by_label("Epochs", exact=True).fill("7")
    page.reload()
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("7")
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("dialog").get_by_role("button", name="Start over").click()
    expect(page.get_by_text("A copy of")).to_have_count(0)


def test_presets_data_sets_and_files_start_a_draft(
    database: Database, address: str, page: Page, tmp_path: Path
) -> None:
    opened(page, address, "?preset=digits_long_tail")
    expect(page.get_by_text("Made from the preset")).to_be_visible()
    (tmp_path / "mine.yaml").write_text("name: mine\ndataset: digits\nmethod: ldam\noptimizer: {lr: 1e-2}\n")
    page.get_by_label("or a file").set_input_files(tmp_path / "mine.yaml")
    expect(page.get_by_label("Lr", exact=True)).to_have_value("0.01")
    page.get_by_role("button", name="Back to what I wrote before").click()
    expect(page.get_by_label("Lr", exact=True)).not_to_have_value("0.01")
    page.goto(f"{address}/#/submit?job=j_none")
    expect(page.get_by_role("alert").filter(has_text="Nothing was copied")).to_be_visible()


def test_curl_python_and_the_command_carry_the_same_spec(database: Database, address: str, page: Page) -> None:
    opened(page, address)
    page.get_by_label("Name", exact=True).last.fill("it's \"on\", né")
    wanted = sent(page)
    shown = page.locator("section", has=page.get_by_role("heading", name="What is sent")).locator("pre")
    page.get_by_role("button", name="curl", exact=True).click()
    words = shlex.split(shown.inner_text().replace("\\\n", " "))
    assert json.loads(words[words.index("-d") + 1]) == wanted
    assert f"{address}/v1/jobs" in words
    page.get_by_role("button", name="Python", exact=True).click()
    code = shown.inner_text()
    values: dict[str, Any] = {}
    exec(code[code.index("spec =") : code.index("with Client")], values)
    assert values["spec"] == wanted
    page.get_by_role("button", name="lpl", exact=True).click()
    assert yaml.safe_load(shown.inner_text().split("<<'END_OF_SPEC'\n")[1].rsplit("END_OF_SPEC")[0]) == wanted
    assert "as=lpl" in page.url


def test_a_finished_run_gives_an_estimate(database: Database, address: str, page: Page) -> None:
    metrics = {"metrics": ("train/examples_per_second", "test/top1_error"), "series": {}}
    finished_job(database, "the basis", written=metrics)
    opened(page, address)
    expect(plan(page)).to_contain_text("Training takes about")
