"""A job's report: one file that opens from disk, the verdict first."""

import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, get_args

from matplotlib.figure import Figure

from api.services.class_report.measured import ClassReport
from api.services.comparison.compared import Compared
from api.services.comparison.labels import metric_title, point_label, short
from api.services.comparison.ranking import lead
from api.services.comparison.statistics import Difference, paired
from api.services.comparison.tables import Table, figure, legend, table_of
from api.services.comparison.verdict import percent
from api.services.drawing import class_tables, job_figures
from api.services.drawing.html import Markup, element, page, pairs, section, table
from api.services.drawing.job_figures import Kind, Wanted
from store import comparison, job_report
from store.database.engine import Session
from store.database.records import Job, Run
from store.errors import NotFound
from store.job_report import Machine

STYLE = """
:root{color-scheme:light}
body{margin:0;background:#fff;color:#1a1a1a;font:16px/1.5 system-ui,sans-serif}
main{max-width:68rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2.5rem 0 .6rem;border-bottom:1px solid #ccc}
.verdict{font-size:1.2rem;margin:.6rem 0}.missing{color:#8a1c00}.note{color:#555;font-size:.9rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .8rem .25rem 0;text-align:left;vertical-align:top;overflow-wrap:anywhere}
td{white-space:pre-wrap}thead th{border-bottom:1px solid #888}tbody th{font-weight:400}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:1rem 0}dt{color:#555}
dd{margin:0;overflow-wrap:anywhere}
details{margin:.4rem 0}summary{cursor:pointer}
figure{margin:1rem 0}figure svg{max-width:100%;height:auto}
pre{background:#f5f5f5;padding:1rem;overflow-x:auto;font-size:.85rem}
@media print{section{break-inside:avoid}pre{white-space:pre-wrap}}
"""
PACKAGES = ("lpl-service", "torch", "torchvision", "numpy", "safetensors", "scikit-learn", "matplotlib")
MOST_POINTS, MOST_FAILURES, MOST_MACHINES = 10_000, 100, 50
MOST_PAIRED = 6
"""Sides up to which every two are compared; of more each with the best."""
MOST_PAIRS = 100


@dataclass(frozen=True)
class Contents:
    """What a report is made of, read in one go."""

    job: Job
    compared: Compared
    drawings: list[tuple[Kind, Callable[[], Figure]]]
    classes: Sequence[ClassReport]
    failures: Sequence[Run]
    machines: Sequence[Machine]
    notes: Sequence[str]


def read(session: Session, job: Job) -> Contents:
    """Read a job's report."""
    compared = Compared(comparison.sides(session, [job.id], most=MOST_POINTS))
    return Contents(
        job,
        compared,
        drawings=list(drawings(session, compared, job)),
        classes=class_tables.read(session, compared),
        failures=job_report.failures(session, job.id, limit=MOST_FAILURES + 1),
        machines=job_report.machines(session, job.id, limit=MOST_MACHINES),
        notes=notes_of(session, compared),
    )


def drawings(session: Session, compared: Compared, job: Job) -> list[tuple[Kind, Callable[[], Figure]]]:
    """The figures for which there is something to draw."""
    found: list[tuple[Kind, Callable[[], Figure]]] = []
    for kind in get_args(Kind):
        try:
            found.append((kind, job_figures.read(session, compared, Wanted(kind, job.name or job.id))))
        except NotFound:
            continue
    return found


def notes_of(session: Session, compared: Compared) -> list[str]:
    """What the first runs say a reader of their results must know, each told once."""
    first = [run for side in compared.sides[: job_figures.MOST_SIDES] for run in side.learning[:1]]
    facts = comparison.class_facts(session, first)
    return list(dict.fromkeys(str(note) for run in first for note in facts[run].get("notes", [])))


def written(contents: Contents) -> str:
    """The page.

    Raises:
        Problem: 429, too many figures are being drawn.
    """
    job, compared = contents.job, contents.compared
    verdict = compared.verdict()
    parts = [
        element("h1", job.name or job.id),
        element("p", verdict.text if verdict else "No run has succeeded yet.", cls="verdict"),
        *missing(job),
        pairs(facts(job, compared)),
        results(table_of(compared)),
        *differences(compared),
        *figures(contents),
        *class_tables.written(contents.classes),
        section("Experiment", element("pre", json.dumps(job.spec, indent=2, ensure_ascii=False))),
        environment(contents),
        *failed(contents),
    ]
    return page(f"{job.name or job.id}: report", STYLE, *parts)


def missing(job: Job) -> list[Markup]:
    """A line on runs that did not succeed or have not ended."""
    states = [f"{count} {state}" for state, count in job.run_states.items() if state != "succeeded" and count]
    total = sum(job.run_states.values())
    return [element("p", f"Of {total} runs: {', '.join(states)}.", cls="missing")] if states else []


def facts(job: Job, compared: Compared) -> list[tuple[str, Any]]:
    """What the job is."""
    seeds = sorted({member.seed for side in compared.sides for member in side.members})
    items = [
        ("Job", job.id),
        ("State", job.state),
        ("Data", ", ".join(dict.fromkeys(compared.datasets))),
        ("Models", ", ".join(map(str, job.models))),
        ("Seeds", ", ".join(map(str, seeds[:50]))),
        ("Tags", ", ".join(map(str, job.tags))),
        ("Submitted", moment(job.created_at)),
        ("Started", moment(job.started_at)),
        ("Ended", moment(job.finished_at)),
    ]
    return [(term, value) for term, value in items if value]


def moment(seconds: float | None) -> str:
    """A time, UTC."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def results(filled: Table) -> Markup:
    """The result table."""
    rows = [
        [row.label, *(element("b", figure(cell)) if cell and cell.best else figure(cell) for cell in row.cells)]
        for row in filled.rows
    ]
    if not filled.columns:
        return section("Results", element("p", "Nothing has been measured yet."))
    head = ["method", *(column.title for column in filled.columns)]
    return section("Results", table(head, rows), element("p", f"{legend(filled)}.", cls="note"))


def differences(compared: Compared) -> list[Markup]:
    """Paired differences on the main metric: of every two sides, or of each from the best."""
    if compared.main is None or len(compared.sides) < 2:
        return []
    samples = compared.samples(compared.main)
    first = lead(samples, compared.main)
    best = first.best if first else 0
    places = range(len(samples))
    chosen = [(a, b) for a in places for b in places if a < b and (len(samples) <= MOST_PAIRED or best in (a, b))]
    rows = [difference(compared, a, b, paired(samples[a], samples[b])) for a, b in chosen[:MOST_PAIRS]]
    title = f"Differences in {metric_title(compared.main)}"
    words = "Points of percent, paired by seed, with Student's 95 % interval, not corrected for the number of pairs."
    more = f" {len(chosen) - MOST_PAIRS} more are left out." if len(chosen) > MOST_PAIRS else ""
    head = ["difference", "mean", "95 % interval", "n", ""]
    return [section(title, table(head, rows), element("p", f"{words}{more}", cls="note"))]


def difference(compared: Compared, a: int, b: int, found: Difference) -> list[Any]:
    """The row of a pair."""
    interval = found.confidence_interval
    words = "beyond the noise" if found.decided else "inside the noise" if interval else ""
    return [
        f"{compared.titles[a]} − {compared.titles[b]}",
        "–" if found.difference is None else percent(found.difference, None),
        "–" if interval is None else f"{100 * interval[0]:.2f} to {100 * interval[1]:.2f}",
        found.n,
        "; ".join(part for part in (words, compared.note(a, b, found)) if part),
    ]


def figures(contents: Contents) -> list[Markup]:
    """The figures, drawn."""
    drawn = [
        element("figure", Markup(inline(job_figures.drawn(draw, "svg", salt=f"report-{kind}"))))
        for kind, draw in contents.drawings
    ]
    return [section("Figures", *drawn)] if drawn else []


def inline(svg: bytes) -> str:
    """The element of an SVG file, without what stands before it."""
    text = svg.decode()
    return text[text.index("<svg") :].strip()


def environment(contents: Contents) -> Markup:
    """Where the runs were trained, and with what."""
    rows = [
        [each.device or "", each.device_name or "", each.hostname or "", each.version or "", each.runs]
        for each in contents.machines
    ]
    head = ["device", "name", "host", "version of the worker", "runs"]
    machines = [table(head, rows)] if rows else []
    notes = [element("ul", *(element("li", note) for note in contents.notes))] if contents.notes else []
    return section("Environment", *machines, *notes, element("h3", "Software of the service"), pairs(software()))


def software() -> list[tuple[str, str]]:
    """Versions of what is installed here."""
    return [("Python", platform.python_version()), *((name, installed(name)) for name in PACKAGES)]


def installed(package: str) -> str:
    """A package's version."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def failed(contents: Contents) -> list[Markup]:
    """Which runs did not succeed, and why."""
    if not contents.failures:
        return []
    rows = [
        [run.id, point_label(run.point, contents.job.method), run.seed, run.state, run.reason or "", shown(run.message)]
        for run in contents.failures[:MOST_FAILURES]
    ]
    more = len(contents.failures) > MOST_FAILURES
    words = [element("p", f"The first {MOST_FAILURES}; there are more.", cls="note")] if more else []
    return [
        section("What failed and why", table(["run", "method", "seed", "state", "reason", "message"], rows), *words)
    ]


def shown(message: str | None) -> str:
    """A message, cut where it is very long."""
    return short(message, most=2000) if message else ""
