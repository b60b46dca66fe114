"""How soon the dashboard's pages show: 10,000 jobs, 32 methods in 320 runs, 8,142 classes, in Chromium.

    python -m benchmarks.dashboard [--rounds 5]

For each page, in a browser that has nothing of it: the first contentful paint, when what it is about stands there (the
first row, the first chart), requests of data, and bytes that were carried for all. Pages are taken in turn in every
round; figures are medians, with the least and the largest. Service and browser share the machine.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks.environment import print_table, save
from store.database.engine import Database
from tests.dashboard.conftest import serving
from tests.dashboard.large import fill_with_jobs, job_of_many_classes, job_of_many_methods

PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
CARRIED = "() => performance.getEntriesByType('resource').reduce((sum, each) => sum + each.transferSize, 0)"


@dataclass(frozen=True)
class Shown:
    """A page, and what it is about."""

    name: str
    path: str
    about: str


@contextmanager
def filled() -> Iterator[tuple[str, list[Shown]]]:
    """A service with much in it, and its pages."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'lpl.sqlite3'}")
        database.migrate()
        methods, classes = job_of_many_methods(database, epochs=10), job_of_many_classes(database, epochs=10)
        fill_with_jobs(database, 10_000)
        chart = "figure.chart canvas"
        pages = [
            Shown("10,000 jobs", "#/", "tbody tr a"),
            Shown("10,000 jobs by a metric", "#/?sort=metric:test/top1_error", "tbody tr a"),
            Shown("32 methods, 320 runs", f"#/jobs/{methods}", chart),
            Shown("32 methods, loss variation", f"#/jobs/{methods}?tab=variation", chart),
            Shown("8,142 classes, loss variation", f"#/jobs/{classes}?tab=variation", chart),
            Shown("8,142 classes, accuracy", f"#/jobs/{classes}?tab=classes", chart),
            Shown("submit", "#/submit", chart),
            Shown("methods", "#/methods", "main a"),
        ]
        with serving(database) as url:
            yield url, pages
        database.dispose()


def opened(browser: Browser, url: str, page: Shown) -> dict[str, float]:
    """Milliseconds, requests and bytes of one opening."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url) if "/v1/" in request.url else None)
    began = time.perf_counter()
    tab.goto(f"{url}/{page.path}")
    tab.locator(page.about).first.wait_for()
    there = 1000 * (time.perf_counter() - began)
    tab.wait_for_timeout(500)
    figures = {
        "first paint, ms": float(tab.evaluate(PAINT) or 0),
        "there, ms": there,
        "requests": float(len(asked)),
        "kB": float(tab.evaluate(CARRIED)) / 1000,
    }
    context.close()
    return figures


def row(name: str, rounds: list[dict[str, float]]) -> dict[str, Any]:
    """Medians of the rounds."""
    paints = [each["first paint, ms"] for each in rounds]
    theres = [each["there, ms"] for each in rounds]
    return {
        "page": name,
        "first paint, ms": statistics.median(paints),
        "there, ms": statistics.median(theres),
        "least": min(theres),
        "largest": max(theres),
        "requests": max(each["requests"] for each in rounds),
        "kB": statistics.median(each["kB"] for each in rounds),
    }


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with filled() as (url, pages), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        opened(browser, url, pages[0])
        taken = [{page.name: opened(browser, url, page) for page in pages} for _ in range(rounds)]
        version = browser.version
        browser.close()
    rows = [row(page.name, [each[page.name] for each in taken]) for page in pages]
    print_table(rows)
    save("dashboard", settings={"rounds": rounds, "chromium": version}, rows=rows)


if __name__ == "__main__":
    main()
