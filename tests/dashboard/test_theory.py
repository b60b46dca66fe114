"""The theorems: sliders, what is shaded and why, corollaries as printed and as corrected."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def figure(page: Page, number: int) -> Any:
    """The panel of a figure of the paper."""
    return page.locator("section", has=page.get_by_role("heading", name=f"Fig. {number}:"))


@pytest.mark.campaign
def test_the_overview_leads_to_each_theorem(address: str, page: Page) -> None:
    page.goto(f"{address}/#/theory")
    for theorem, numbers in (("1", [3]), ("2", [4]), ("3", [5, 6])):
        page.get_by_role("navigation", name="Theorems").get_by_role("link", name=f"Theorem {theorem}").click()
        for number in numbers:
            expect(figure(page, number).locator("canvas")).to_be_visible()
        assert page.url.endswith(f"#/theory/{theorem}")


def test_where_the_theorem_claims_nothing_is_shaded_with_the_reason(address: str, page: Page) -> None:
    page.goto(f"{address}/#/theory/3")
    expect(figure(page, 5).locator(".shaded")).to_contain_text("a constant classifier has a lower perturbed error")
    expect(figure(page, 5)).to_contain_text("The solution is the best threshold nowhere")
    expect(figure(page, 6).locator(".shaded")).to_have_count(0)
    expect(figure(page, 6)).to_contain_text("The solution is the best threshold everywhere")


def test_corollaries_stand_as_printed_and_as_corrected(address: str, page: Page) -> None:
    page.goto(f"{address}/#/theory/3")
    rows = figure(page, 5).locator("tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text("printed")
    expect(rows.nth(0)).to_contain_text("nowhere")
    expect(rows.nth(0)).to_contain_text("4.577 to 4.946")
    expect(rows.nth(0)).to_contain_text("wrong: inside this window errors move the other way")
    expect(rows.nth(1)).to_contain_text("corrected")
    expect(rows.nth(1)).to_contain_text("everywhere")
    expect(rows.nth(3)).to_contain_text("from 0 to 4.31")


def test_a_slider_moves_the_curve_and_stands_in_the_address(address: str, page: Page) -> None:
    page.goto(f"{address}/#/theory/1")
    expect(figure(page, 3)).to_contain_text("Here Γ = 2.")
    slider = page.get_by_role("slider", name="Imbalance Γ")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(figure(page, 3)).to_contain_text("Here Γ = 2.5.")
    assert "gamma=2.5" in page.url
    page.reload()
    expect(page.get_by_role("spinbutton", name="Imbalance Γ")).to_have_value("2.5")
    page.get_by_role("button", name="Back to the figure's setting").click()
    expect(figure(page, 3)).to_contain_text("Here Γ = 2.")
    assert "gamma" not in page.url


@pytest.mark.campaign
def test_a_slider_that_is_dragged_asks_once_it_rests(address: str, page: Page) -> None:
    page.goto(f"{address}/#/theory/2")
    expect(figure(page, 4).locator("canvas")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/theory" in request.url else None)
    page.get_by_role("slider", name="Distance η").evaluate(
        """(slider) => { for (let i = 0; i < 30; i += 1) {
            slider.value = 1 + i / 20; slider.dispatchEvent(new Event("input", { bubbles: true })); } }"""
    )
    expect(page).to_have_url(f"{address}/#/theory/2?eta=2.45")
    expect(figure(page, 4)).to_contain_text("grows from 0 to 12")
    assert [url for url in asked if "eta=" in url] == [f"{address}/v1/theory/2?eta=2.45"]


@pytest.mark.campaign
def test_a_setting_that_a_theorem_does_not_bear_is_said_beside_its_slider(address: str, page: Page) -> None:
    page.goto(f"{address}/#/theory/3")
    expect(figure(page, 5).locator("canvas")).to_be_visible()
    page.get_by_role("spinbutton", name="Spread ratio K").fill("1")
    page.keyboard.press("Tab")
    expect(page.locator(".slider.wrong").get_by_role("alert")).to_be_visible()
    expect(page.locator(".slider.wrong")).to_contain_text("Spread ratio K")
    expect(figure(page, 5).locator("canvas")).to_be_visible()


def test_the_figure_gives_its_numbers_with_the_drawn_examples(address: str, page: Page) -> None:
    page.goto(f"{address}/#/theory/1")
    with page.expect_download() as caught:
        figure(page, 3).get_by_role("button", name="CSV").click()
    lines = caught.value.path().read_text().splitlines()
    assert len(lines) == 52
    assert lines[0].count("drawn examples") == 3
    closed, drawn = lines[1].split(",")[1], lines[1].split(",")[4]
    assert float(closed) == pytest.approx(float(drawn), abs=1.5)
