"""Reports: one file, the verdict first, nothing in it that runs or is loaded."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Page as Browsed
from playwright.sync_api import sync_playwright

from store.lifecycle import claims
from tests.api.service import Running, claim
from tests.api.sides import ERROR, epoch, finish, job_with, start
from tests.store.databases import writing

pytestmark = pytest.mark.slow
HOSTILE = "</title></h1><script>alert(1)</script><img src=x onerror=alert(1)> \" onload='x' & \u202e {{7*7}}"
METHODS = {"method": ["lpl", "cross_entropy"]}


class Page(HTMLParser):
    """What a browser would make of a page: elements with their attributes, and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


def report(service: Running, job: str) -> str:
    answer = service.http.get(f"/v1/jobs/{job}/report.html")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_report_begins_with_the_verdict_and_has_all_parts_in_order(service: Running) -> None:
    job = job_with(service, [0.10, 0.12, 0.11], [0.20, 0.19, 0.22], sweep=METHODS, name="long tail", tags=["x"])
    html = report(service, job)
    page = Page(html)
    assert "best: lpl, top-1 error 11.0 ± 1.0 % (n = 3); ahead of cross_entropy by 9.3 ± 5.2" in page.text
    order = [
        "best: lpl",
        "Results",
        "Differences in top-1 error",
        "Figures",
        "By class",
        "Experiment",
        "Environment",
        "torch",
    ]
    places = [page.text.index(part) for part in order]
    assert places == sorted(places)
    assert "<b>11.00 ± 1.00</b>" in html
    assert "beyond the noise" in page.text
    assert [tag for tag, _ in page.elements].count("svg") == 4
    assert [tag for tag, _ in page.elements].count("details") == 2
    assert "1 taken for 0: 9 (100.0 % of its test examples)" in page.text
    assert '"imbalance_factor": 20.0' in page.text
    assert "What failed" not in page.text


def test_a_report_loads_nothing_and_runs_nothing(service: Running) -> None:
    job = job_with(service, [0.1, 0.2])
    answer = service.http.get(f"/v1/jobs/{job}/report.html")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    for tag, attributes in Page(answer.text).elements:
        assert tag not in ("script", "link", "iframe", "object", "embed", "form", "base")
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href", "xlink:href", "action"):
                assert str(value).startswith(("#", "data:image/png"))
    assert not re.findall(r"url\((?!#)", answer.text)
    path = f"/v1/jobs/{job}/report.html"
    assert service.http.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_text_of_others_stays_text(service: Running) -> None:
    job = service.submit(name=HOSTILE, tags=[HOSTILE[:90]], seeds=[0, 1], sweep=METHODS)["id"]
    held = start(service.db, names=[HOSTILE] * 10)
    epoch(service.db, held, 1, {ERROR: 0.5})
    finish(service.db, held)
    lost = start(service.db)
    writing(service.db, claims.finish, lost, outcome="failed", reason="error", message=HOSTILE)
    page = Page(report(service, job))
    assert not [tag for tag, _ in page.elements if tag in ("script", "img")]
    assert not [attributes for _, attributes in page.elements if any(name.startswith("on") for name in attributes)]
    assert page.text.count("<script>alert(1)</script>") >= 4
    assert "\u202e" not in page.text


def test_what_failed_is_told_with_its_reason(service: Running) -> None:
    job = job_with(service, [0.1, None, None], seeds=[0, 1, 2])
    writing(service.db, claims.finish, claim(service.db), outcome="failed", reason="diverged", message="loss is NaN")
    page = Page(report(service, job))
    assert "Of 3 runs: 1 failed, 1 queued." in page.text or "Of 3 runs: 1 queued, 1 failed." in page.text
    part = page.text[page.text.index("What failed and why") :]
    assert "diverged" in part
    assert "loss is NaN" in part


def test_a_job_that_waits_has_a_report_too(service: Running) -> None:
    job = service.submit()["id"]
    text = Page(report(service, job)).text
    assert "No run has succeeded yet." in text
    assert "Nothing has been measured yet." in text
    assert service.http.get("/v1/jobs/j_none/report.html").status_code == 404


@pytest.mark.campaign
@pytest.mark.browser
def test_a_report_shows_from_the_service_and_from_disk(service: Running, tmp_path: Path) -> None:
    chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium on the path")
    job = job_with(service, [0.10, 0.12, 0.11], [0.20, 0.19, 0.22], sweep=METHODS, name=HOSTILE)
    saved = tmp_path / "report.html"
    saved.write_text(report(service, job), encoding="utf-8")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for address in (f"{service.url}/v1/jobs/{job}/report.html", saved.as_uri()):
            look_at(browser.new_page(), address)
        browser.close()


def look_at(page: Browsed, address: str) -> None:
    """Open a report: it has its style and its figures, asks for nothing and complains of nothing."""
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    assert page.locator("svg").count() == 4
    assert page.locator("svg").first.bounding_box() is not None
    assert page.locator("main").evaluate("each => getComputedStyle(each).maxWidth") == "1088px"
    bar = page.locator("svg path[style*='fill: #0072b2']").first
    assert bar.evaluate("each => getComputedStyle(each).fill") == "rgb(0, 114, 178)"
    assert (said, [url for url in asked if not url.startswith("data:")]) == ([], [address])
