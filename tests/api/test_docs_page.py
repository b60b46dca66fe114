"""The documentation in a browser."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from tests.api.service import Running

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_the_documentation_shows_every_operation_without_a_complaint(service: Running) -> None:
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(service.url + "/docs")
        page.wait_for_selector(".opblock")
        shown = page.locator(".opblock").count()
        browser.close()
    paths = service.http.get("/openapi.json").json()["paths"]
    assert shown == sum(len(operations) for operations in paths.values())
    assert complaints == []
