"""Pictures of all views of a service that has trained real, small experiments: `python -m tests.dashboard.screenshots`.

Those that README and docs/dashboard.md show go to docs/images; with --all, every view in both schemes and three widths
goes to a folder.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, sync_playwright

from tests.dashboard.conftest import CHROMIUM
from tests.service.processes import Service, serving, until

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDTHS = (390, 1440, 2560)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SETTLED_MILLISECONDS = 1500
DIGITS: dict[str, Any] = {"dataset": {"name": "digits", "imbalance_factor": 50}, "model": "mlp", "epochs": 30}
SPACE: dict[str, Any] = {
    "method.perturbations.0.delta_epsilon": {"low": 0.5, "high": 5, "log": True},
    "optimizer.lr": {"low": 0.01, "high": 0.5, "log": True},
}
METHODS = ["cross_entropy", "logit_adjustment", "lpl", "la_lpl"]


@dataclass(frozen=True)
class View:
    """A view to be taken; `kept` is its name in docs/images."""

    name: str
    path: str
    kept: str | None = None


def seed(service: Service) -> dict[str, str]:
    """Submit experiments and wait for those that end; their ids by name."""

    def submit(name: str, **changes: Any) -> str:
        answer = service.http.post("/v1/jobs", json={**DIGITS, "name": name, **changes})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    ended = {
        "methods": submit(
            "Digits at 50:1, four methods",
            method="lpl",
            seeds=[0, 1, 2, 3, 4],
            sweep={"method": METHODS},
            tags=["demo"],
        ),
        "bounds": submit(
            "How strong should LPL be?",
            method="lpl",
            seeds=[0, 1, 2],
            sweep={"method.perturbations.0.delta_epsilon": [0.5, 1.0, 2.0, 4.0]},
        ),
        "failed": submit("Diverges", method="cross_entropy", seeds=[0, 1], optimizer={"name": "sgd", "lr": 1e6}),
    }
    for job in ended.values():
        for run in service.get(f"/v1/jobs/{job}/runs")["items"]:
            service.ended(run["id"], timeout=600)
    ended["search"] = submit(
        "Which strength and rate?",
        method="lpl",
        search={"sampler": "tpe", "space": SPACE, "trials": 20, "halving": {"min_epochs": 3}, "then_seeds": [0, 1, 2]},
    )
    succeeded(service, f"/v1/jobs/{ended['search']}")
    specs = [{**DIGITS, "name": method, "method": method, "seeds": [0, 1, 2]} for method in METHODS]
    made = service.http.post("/v1/studies", json={"name": "Four methods on digits", "jobs": specs})
    assert made.status_code == 201, made.text
    ended["study"] = str(made.json()["id"])
    succeeded(service, f"/v1/studies/{ended['study']}")
    return {**ended, "long": submit("Under way", method="lpl", seeds=[0, 1, 2], epochs=20_000)}


def succeeded(service: Service, path: str) -> None:
    """Wait until a job or a study has succeeded."""
    until(lambda: service.get(path)["state"], lambda state: state == "succeeded", timeout=600)


def views(service: Service, jobs: dict[str, str]) -> Iterator[View]:
    """All views, of a service with these jobs."""
    done, failed = jobs["methods"], jobs["failed"]
    run = service.get(f"/v1/jobs/{done}/runs")["items"][-6]["id"]
    lost = service.get(f"/v1/jobs/{failed}/runs")["items"][0]["id"]
    yield View("jobs", "#/", "jobs.png")
    yield View("jobs, none found", "#/?name=nothing of this name")
    yield View("job", f"#/jobs/{done}", "dashboard.png")
    yield View("job, loss variation", f"#/jobs/{done}?tab=variation", "loss-variation.png")
    yield View("job, classes", f"#/jobs/{done}?tab=classes")
    yield View("job, runs", f"#/jobs/{done}?tab=runs")
    yield View("job, specification", f"#/jobs/{done}?tab=spec&against={jobs['bounds']}")
    yield View("job, failed", f"#/jobs/{failed}")
    yield View("job, under way", f"#/jobs/{jobs['long']}")
    yield View("job, search", f"#/jobs/{jobs['search']}")
    yield View("studies", "#/studies")
    yield View("study", f"#/studies/{jobs['study']}")
    yield View("study, new", "#/studies/new?preset=table4")
    yield View("run", f"#/runs/{run}")
    yield View("run, failed", f"#/runs/{lost}")
    yield View("compare", f"#/compare?job={done}&job={jobs['bounds']}", "compare.png")
    yield View("compare, nothing chosen", "#/compare")
    yield View("submit", "#/submit", "submit.png")
    yield View("datasets", "#/datasets")
    yield View("dataset", "#/datasets/digits")
    yield View("methods", "#/methods")
    yield View("method", "#/methods/lpl", "method.png")
    yield View("theory", "#/theory")
    yield View("workers", "#/workers")
    yield View("administration", "#/admin")


def take(page: Page, url: str, view: View, path: Path) -> None:
    """Open a view, wait until it has settled, and take it whole."""
    page.goto("about:blank")
    page.goto(f"{url}{view.path}")
    page.locator("h1").first.wait_for()
    page.wait_for_timeout(SETTLED_MILLISECONDS)
    page.screenshot(path=path, full_page=True)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="also every view, scheme and width, into a folder")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "data") as service,
        sync_playwright() as driver,
    ):
        jobs = seed(service)
        every = list(views(service, jobs))
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        url = str(service.http.base_url)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        for view in every:
            if view.kept:
                take(page, url, view, IMAGES / view.kept)
        if chosen.all:
            chosen.all.mkdir(parents=True, exist_ok=True)
            for scheme in SCHEMES:
                for width in WIDTHS:
                    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                    for view in every:
                        take(page, url, view, chosen.all / f"{view.name}, {width}, {scheme}.png")
                    page.close()
        browser.close()


if __name__ == "__main__":
    main()
