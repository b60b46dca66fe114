"""Submit as text: form and YAML are one; copies, presets and files; what is sent, as others would send it."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect

from store.database.engine import Database
from tests.dashboard.conftest import finished_job
from tests.dashboard.submit_page import opened, plan, sent

pytestmark = pytest.mark.browser


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


@pytest.mark.campaign
def test_text_that_is_no_specification_is_kept_and_not_submitted(database: Database, address: str, page: Page) -> None:
    opened(page, address, "?tab=text")
    text = page.get_by_label("Specification")
    text.fill("dataset: [digits")
    expect(page.get_by_role("alert").filter(has_text="neither YAML nor JSON")).to_be_visible()
    expect(page.get_by_role("button", name="Submit", exact=True)).to_be_disabled()
    page.reload()
    expect(text).to_have_value("dataset: [digits")


def test_a_job_is_copied_changed_and_its_own_spec_is_shown(database: Database, address: str, page: Page) -> None:
    job = finished_job(database, "to be copied")
    opened(page, address, f"?job={job}")
    expect(page.get_by_text("A copy of")).to_contain_text("to be copied")
    assert sent(page)["sweep"] == {"method": ["cross_entropy", "lpl"]}
    page.get_by_label("Epochs", exact=True).fill("7")
    page.reload()
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("7")
    expect(plan(page)).to_contain_text("Epochs each7")
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("tab", name="Specification").click()
    expect(page.get_by_role("heading", name="Difference to the job it was made from")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="epochs").first).to_contain_text("7")
    page.goto(f"{address}/#/submit")
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("dialog").get_by_role("button", name="Start over").click()
    expect(page.get_by_text("A copy of")).to_have_count(0)


@pytest.mark.campaign
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


@pytest.mark.campaign
def test_curl_python_and_the_command_carry_the_same_spec(database: Database, address: str, page: Page) -> None:
    opened(page, address)
    page.get_by_label("Name", exact=True).last.fill('it\'s "on", né')
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
