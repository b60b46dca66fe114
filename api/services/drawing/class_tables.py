"""The report's tables by class, folded up: a class a row."""

from collections.abc import Sequence

from api.services.class_report.measured import ClassReport, reports
from api.services.class_report.tables import HEAD, LEGEND, cells, notes, pair_lines
from api.services.comparison.compared import Compared
from api.services.drawing.class_data import shown
from api.services.drawing.html import Markup, element, section, table
from store.database.engine import Session

MOST_TABLES, MOST_ROWS = 8, 1000
"""Points and classes that a report has tables of."""


def read(session: Session, compared: Compared) -> list[ClassReport]:
    """The points that are told: the best ones where there are many."""
    places = shown(compared, MOST_TABLES)
    found, _ = reports(session, [(compared.titles[place], compared.sides[place]) for place in places])
    return found


def written(found: Sequence[ClassReport]) -> list[Markup]:
    """The section, none where nothing is known of classes."""
    return [section("By class", *map(folded, found))] if found else []


def folded(report: ClassReport) -> Markup:
    """A point's table, its confused pairs and notes, which a click opens."""
    rows = cells(report)
    more = [f"the first {MOST_ROWS} of {len(rows)} classes"] if len(rows) > MOST_ROWS else []
    pairs = [element("ul", *(element("li", line) for line in pair_lines(report)))] if report.cells else []
    told = "; ".join([f"{LEGEND} (n = {len(report.runs)})", *notes(report), *more])
    inside = [table(HEAD, rows[:MOST_ROWS]), *pairs, element("p", f"{told}.", cls="note")]
    return element("details", element("summary", report.label), *inside)
