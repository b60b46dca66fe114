"""Every view: for people with a keyboard alone, with a screen reader, on narrow and wide screens, light and dark."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from store import jobs, workers
from store.database.engine import Database
from store.lifecycle import claims
from tests.dashboard.conftest import begun, finished_job, serving, submitted
from tests.dashboard.studied import PAIR, answered, searched, studied
from tests.store.databases import reading, writing

pytestmark = pytest.mark.browser
WIDTHS = (390, 1440, 2560)
MOST_STOPS = 400
"""Presses of Tab after which a page is said to hold the keyboard for good."""


@dataclass(frozen=True)
class View:
    """A view: its address after the `#`, with names of `World.ids`, and its title, None: any."""

    path: str
    heading: str | None


VIEWS = (
    View("/", "Jobs"),
    View("/?name=of nothing", "Jobs"),
    View("/jobs/{job}", "finished"),
    View("/jobs/{job}?tab=variation", "finished"),
    View("/jobs/{job}?tab=classes", "finished"),
    View("/jobs/{job}?tab=runs", "finished"),
    View("/jobs/{job}?tab=logs", "finished"),
    View("/jobs/{job}?tab=spec", "finished"),
    View("/jobs/{failing}", "failing"),
    View("/jobs/j_none", ""),
    View("/jobs/{search}", "searched"),
    View("/studies", "Studies"),
    View("/studies/{study}", "A table"),
    View("/studies/{best}", "Best"),
    View("/studies/s_none", ""),
    View("/studies/new", "New study"),
    View("/studies/new?kind=best", "New study"),
    View("/studies/new?kind=jobs&job={job}", "New study"),
    View("/runs/{run}", "cross_entropy, seed 0"),
    View("/runs/{failed}", "seed 0"),
    View("/runs/{waiting}", "seed 1"),
    View("/runs/{failed}/log", "seed 0"),
    View("/compare", "Compare"),
    View("/compare?job={job}", "Compare 2 sides"),
    View("/theory", "Theory"),
    View("/theory/1", None),
    View("/submit", "Submit an experiment"),
    View("/submit?tab=text", "Submit an experiment"),
    View("/submit?job={job}", "Submit an experiment"),
    View("/datasets", "Data sets"),
    View("/datasets/digits", "Handwritten digits (8x8)"),
    View("/datasets/cifar10", "CIFAR-10"),
    View("/methods", "Methods"),
    View("/methods/lpl", "LPL (class-level logit perturbation)"),
    View("/methods/never", ""),
    View("/workers", "Workers and queue"),
    View("/admin", "Administration"),
    View("/admin?tab=webhooks", "Administration"),
    View("/admin?tab=audit", "Administration"),
    View("/nowhere", "There is no such page"),
)
"""All views, in the states that look different. A new view joins here."""

TRIED = ("/", "/jobs/{job}?tab=variation", "/studies/{study}", "/submit")
"""Those that `make test` tries; `make test-all` tries all."""
EVERY_VIEW = pytest.mark.parametrize(
    "view",
    [pytest.param(view, marks=() if view.path in TRIED else pytest.mark.campaign, id=view.path) for view in VIEWS],
)


@dataclass(frozen=True)
class World:
    """A service with something of everything."""

    address: str
    ids: Mapping[str, str]

    def opened(self, page: Page, view: View) -> None:
        """Show a view, with all that it reads and draws."""
        page.goto(f"{self.address}/#{view.path.format(**self.ids)}")
        if view.heading != "":
            expect(page.get_by_role("heading", level=1, name=view.heading, exact=True)).to_be_visible()
        expect(page.locator("main .loading")).to_have_count(0)
        expect(page.locator(".plot:not(:has(canvas))")).to_have_count(0)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service of its own, since other tests' jobs would make the pages long."""
    db = Database(f"sqlite:///{tmp_path_factory.mktemp('world') / 'lpl.sqlite3'}")
    db.migrate()
    ids = filled(db)
    with serving(db) as address:
        yield World(address, ids)
    db.dispose()


def filled(db: Database) -> dict[str, str]:
    """Fill a database; identifiers by what they stand for."""
    search = searched(db, Path(str(db.url.database)).parent)
    best = answered(db, {"text": "lpl is best.", "spec": {"dataset": "digits"}, "winner": None, "pairs": [PAIR]})
    study = studied(db)
    job = finished_job(db, "finished")
    failing = submitted(db, "failing")
    held = begun(db, epochs=2)
    for level in ("info", "warning", "error"):
        writing(db, claims.log, held, level, f"a line of level {level}")
    writing(db, claims.finish, held, outcome="failed", reason="diverged", message="the loss is nan")
    submitted(db, "running and waiting", seeds=2)
    running = begun(db, epochs=3)
    busy = writing(
        db, workers.register, hostname="a", pid=1, device="cpu", device_name="CPU, 8 processors", version="1"
    )
    writing(db, workers.beat, busy, run_id=running.run_id)
    (waiting,) = (run.id for run in reading(db, jobs.list_runs, running.job_id).items if run.state == "queued")
    run = reading(db, jobs.list_runs, job).items[0].id
    found = {"search": search, "study": study, "best": best}
    return {"job": job, "run": run, "failing": failing, "failed": held.run_id, "waiting": waiting, **found}


@pytest.fixture
def watched(browser: Browser, world: World) -> Iterator[Page]:
    """A page of which no console error, no violation of the content policy and no request elsewhere is taken."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(
        "window.refusals = []; document.addEventListener('securitypolicyviolation', (event) =>"
        " refusals.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));"
    )
    page = context.new_page()
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "the server responded with a status" not in message.text:
            complaints.append(message.text)

    def ask(request: Request) -> None:
        if not request.url.startswith(("blob:", world.address)):
            complaints.append(request.url)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    context.on("request", ask)
    yield page
    context.close()
    assert complaints == []


def findings(page: Page) -> list[str]:
    """What axe finds that is serious or worse: rule, place, what is the matter."""
    answer: dict[str, Any] = Axe().run(page).response
    return [
        f"{finding['id']} at {node['target']}: {node['html'][:160]}: {node['failureSummary']}"
        for finding in answer["violations"]
        if finding["impact"] in ("serious", "critical")
        for node in finding["nodes"]
    ]


@EVERY_VIEW
def test_a_view_is_accessible_in_both_schemes_and_fits_every_width(world: World, watched: Page, view: View) -> None:
    world.opened(watched, view)
    assert watched.evaluate("refusals") == []
    for scheme in ("light", "dark"):
        watched.emulate_media(color_scheme=scheme)
        expect(watched.locator("html")).to_have_attribute("data-scheme", scheme)
        assert findings(watched) == [], scheme
    for width in WIDTHS:
        watched.set_viewport_size({"width": width, "height": 900})
        needed = watched.evaluate("document.documentElement.scrollWidth")
        assert needed <= width, f"{needed} of {width} pixels"
    assert watched.locator("h1").count() == (0 if view.heading == "" else 1)


def test_axe_finds_what_is_wrong(world: World, watched: Page) -> None:
    world.opened(watched, VIEWS[0])
    watched.evaluate("document.querySelector('main').append(new Image())")
    assert [each.split(" ")[0] for each in findings(watched)] == ["image-alt"]


REACHED = """
() => {
  window.reached ??= new Set();
  const element = document.activeElement;
  if (element === document.body) return ''; // between the last and the first
  if (reached.has(element)) return null;
  reached.add(element);
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return outlineStyle !== 'none' && outlineWidth !== '0px' ? '' : element.outerHTML.slice(0, 120);
}
"""
MISSED = """
() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
  .filter((each) => each.tabIndex >= 0 && !each.matches(':disabled') && each.checkVisibility() && !reached.has(each))
  .filter((each) => each.type !== 'radio' || ![...reached].some((other) => other.name === each.name))
  .map((each) => each.outerHTML.slice(0, 120))
"""


@EVERY_VIEW
def test_everything_of_a_view_is_reached_by_tab_and_seen_when_it_is(world: World, watched: Page, view: View) -> None:
    world.opened(watched, view)
    unseen: list[str] = []
    for _ in range(MOST_STOPS):
        watched.keyboard.press("Tab")
        found = watched.evaluate(REACHED)
        if found is None:
            break
        unseen += [found] if found else []
    assert unseen == []
    assert watched.evaluate(MISSED) == []


def test_a_page_begins_at_its_content_and_the_first_stop_skips_to_it(world: World, watched: Page) -> None:
    world.opened(watched, VIEWS[0])
    expect(watched.locator("#content")).to_be_focused()
    watched.get_by_role("link", name="LPL", exact=True).focus()
    watched.keyboard.press("Shift+Tab")
    expect(watched.get_by_role("link", name="Skip to content")).to_be_focused()
    expect(watched.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    watched.keyboard.press("Enter")
    expect(watched.locator("#content")).to_be_focused()


PAGES = {
    "j": "/",
    "u": "/studies",
    "s": "/submit",
    "d": "/datasets",
    "m": "/methods",
    "t": "/theory",
    "w": "/workers",
    "a": "/admin",
}


def test_g_and_a_letter_go_to_a_page(world: World, watched: Page) -> None:
    world.opened(watched, View("/nowhere", "There is no such page"))
    for key, path in PAGES.items():
        watched.keyboard.press("g")
        watched.keyboard.press(key)
        watched.wait_for_url(f"**/#{path}")
        expect(watched.locator("h1")).to_be_visible()


def test_a_slash_goes_to_the_search_field(world: World, watched: Page) -> None:
    for path in ("/", "/runs/{failed}/log", "/admin?tab=audit"):
        world.opened(watched, View(path, ""))
        watched.keyboard.press("/")
        expect(watched.locator("main [data-search]")).to_be_focused()
        watched.keyboard.type("/?gw")  # letters there are text
        expect(watched.locator("main [data-search]")).to_have_value("/?gw")


def test_a_question_mark_lists_the_keys_and_escape_gives_the_focus_back(world: World, watched: Page) -> None:
    world.opened(watched, View("/workers", "Workers and queue"))
    watched.get_by_role("link", name="Methods").focus()
    watched.keyboard.press("?")
    expect(watched.get_by_role("dialog", name="Keyboard")).to_be_visible()
    assert findings(watched) == []
    watched.keyboard.press("g")
    watched.keyboard.press("j")
    watched.keyboard.press("Escape")
    expect(watched.get_by_role("dialog", name="Keyboard")).to_have_count(0)
    expect(watched.get_by_role("link", name="Methods")).to_be_focused()
    assert watched.url.endswith("#/workers")


def test_a_tab_is_chosen_by_arrow_keys(world: World, watched: Page) -> None:
    world.opened(watched, View("/admin", "Administration"))
    watched.get_by_role("tab", name="Keys").focus()
    watched.keyboard.press("ArrowRight")
    expect(watched.get_by_role("tab", name="Webhooks")).to_be_focused()
    expect(watched.get_by_role("heading", name="Webhooks")).to_be_visible()


def test_lines_of_a_log_are_reached_by_arrow_keys(world: World, watched: Page) -> None:
    world.opened(watched, View("/runs/{failed}/log", "seed 0"))
    lines = watched.get_by_role("region", name="Lines of the log").locator("[data-line]")
    lines.last.get_by_role("button").focus()
    watched.keyboard.press("ArrowUp")
    expect(lines.nth(lines.count() - 2).get_by_role("button")).to_be_focused()
    watched.keyboard.press("Enter")
    assert "line=" in watched.url


def test_a_question_before_what_cannot_be_undone_holds_the_focus(world: World, watched: Page) -> None:
    world.opened(watched, View("/runs/{waiting}", "seed 1"))
    watched.get_by_role("button", name="Cancel").focus()
    watched.keyboard.press("Enter")
    expect(watched.get_by_role("dialog", name="Cancel the run")).to_be_visible()
    assert findings(watched) == []
    watched.keyboard.press("Escape")
    expect(watched.get_by_role("button", name="Cancel")).to_be_focused()
