"""Methods: a catalogue to read, with formulas that the content policy lets through."""

import pytest
from playwright.sync_api import Page, expect

import lplcore
from store.database.engine import Database

pytestmark = pytest.mark.browser


def test_every_formula_is_set_without_an_error_or_a_violation(database: Database, address: str, page: Page) -> None:
    page.add_init_script(
        "window.violations = []; addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective))"
    )
    page.goto(f"{address}/#/methods")
    formulas = [entry["formula"] for entry in lplcore.catalog()["methods"] if entry["formula"]]
    expect(page.locator(".formula math")).to_have_count(len(formulas))
    expect(page.locator(".formula .temml-error, .formula .tml-error, .formula [mathcolor]")).to_have_count(0)
    assert page.evaluate("violations") == []


def test_filters_stand_in_the_address(database: Database, address: str, page: Page) -> None:
    page.goto(f"{address}/#/methods?task=multi_label&find=focal")
    expect(page.get_by_label("Find")).to_have_value("focal")
    expect(page.get_by_role("heading", name="Asymmetric")).to_have_count(0)
    first = page.get_by_role("article").first
    expect(first).to_be_visible()
    page.get_by_label("Find").fill("no such method")
    expect(page.get_by_text("No method matches these filters")).to_be_visible()
    assert "find=no+such+method" in page.url


def test_a_method_has_its_parameters_evidence_and_a_way_to_try_it(database: Database, address: str, page: Page) -> None:
    page.goto(f"{address}/#/methods/lpl")
    expect(page.get_by_role("heading", name="When to use it")).to_be_visible()
    expect(page).to_have_title("LPL (class-level logit perturbation) · LPL")
    threshold = page.get_by_role("row").filter(has=page.get_by_text("threshold", exact=True))
    expect(threshold).to_contain_text("0.4")
    page.get_by_label("for data with").select_option("multi_label")
    expect(threshold).to_contain_text("0.5")
    assert "task=multi_label" in page.url
    expect(page.get_by_role("row").filter(has_text="Test error: 55.75 %").first).to_contain_text("Table III")
    page.get_by_role("link", name="Try it", exact=True).click()
    expect(page.get_by_role("checkbox", name="LPL (class-level logit perturbation)", exact=True)).to_be_checked()
    page.goto(f"{address}/#/methods/never")
    expect(page.get_by_text("There is no method never")).to_be_visible()
