"""Pages of services with much in them: complete, with few requests, and told apart."""

import pytest
from playwright.sync_api import Page, Request, expect

from store.database.engine import Database
from tests.dashboard.large import METHODS, SPECIES, fill_with_jobs, job_of_many_classes, job_of_many_methods

pytestmark = pytest.mark.browser


def counted(page: Page) -> list[str]:
    """The requests of data that a page makes from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/v1/" in request.url and not request.url.endswith("/events"):
            asked.append(request.url)

    page.on("request", note)
    return asked


def test_ten_thousand_jobs_take_a_page_of_requests(database: Database, address: str, page: Page) -> None:
    fill_with_jobs(database, 10_000)
    asked = counted(page)
    page.goto(f"{address}/#/?sort=metric:test/top1_error&name=filler")
    expect(page.get_by_role("link", name="filler 00000", exact=True)).to_be_visible()
    expect(page.locator("tbody tr:not(.spacer)").first).to_contain_text("10.00 ± 1.00")
    assert len(asked) <= 3
    assert page.locator("tbody tr").count() <= 110


def test_32_methods_are_told_apart(database: Database, address: str, page: Page) -> None:
    job = job_of_many_methods(database, seeds=2)
    asked = counted(page)
    page.goto(f"{address}/#/jobs/{job}")
    legend = page.get_by_role("list", name="Series; press one to see it alone")
    expect(legend.get_by_role("listitem")).to_have_count(len(METHODS))
    looks = legend.locator("line").evaluate_all(
        "lines => lines.map((line) => line.getAttribute('stroke') + ' ' + line.getAttribute('stroke-dasharray'))"
    )
    assert len(set(looks)) == len(METHODS)
    expect(page.locator("section", has=page.get_by_role("heading", name="Result")).locator("tbody tr")).to_have_count(
        32
    )
    assert len(set(asked)) <= 8
    page.goto(f"{address}/#/jobs/{job}?tab=variation")
    expect(page.get_by_text("values beyond the axis")).to_be_visible()  # one bar does not flatten the rest
    page.get_by_role("button", name="Show all of it").click()
    expect(page.get_by_text("values beyond the axis")).to_have_count(0)


@pytest.mark.campaign
def test_8142_classes_are_drawn_and_all_in_the_csv(database: Database, address: str, page: Page) -> None:
    job = job_of_many_classes(database)
    page.goto(f"{address}/#/jobs/{job}?tab=variation")
    for title in ("Relative loss variation by class, epoch 3", "Class by epoch: relative loss variation"):
        chart = page.locator("figure", has=page.get_by_role("heading", name=title))
        expect(chart.locator("canvas").first).to_be_visible()
        with page.expect_download() as caught:
            chart.get_by_role("button", name="CSV").click()
        assert len(caught.value.path().read_text().splitlines()) == SPECIES + 1
    page.goto(f"{address}/#/jobs/{job}?tab=classes")
    expect(page.get_by_role("img", name="Test accuracy by class, epoch 3").locator("canvas")).to_be_visible()
