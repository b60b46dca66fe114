"""The table of a study as a text: measured figures beside published ones."""

import csv
import io
from collections.abc import Callable, Iterator

from api.schemas.studies import StudyAnswer, StudyCell, StudyColumn, StudyRow
from api.services.comparison.tables import latex, markdown, plain

DASH, WAITS, MISSING = "–", "waits", "missing"
PARTS = ("mean", "std", "n", "published", "difference", "missing")
"""Columns of CSV for each column of the table."""
FRACTIONS = ("error", "precision", "accuracy", "f1")
LEGEND = "measured: mean ± standard deviation over seeds, in percent"


def as_csv(study: StudyAnswer) -> str:
    """Comma-separated, for programs and spreadsheets: fractions with all their digits, nothing that runs."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    heads = [f"{column.title} {part}" for column in study.columns for part in PARTS]
    writer.writerow([plain(head) for head in ["method", *heads]])
    for row in study.rows:
        parts = [part for column in study.columns for part in csv_parts(row.cells.get(column.key))]
        writer.writerow([plain(row.label), *parts])
    return text.getvalue()


def csv_parts(cell: StudyCell | None) -> Iterator[float | str]:
    """The columns of a cell, empty where it has nothing."""
    if cell is None:
        yield from [""] * len(PARTS)
        return
    for value in (cell.mean, cell.std, cell.n, cell.published, cell.difference):
        yield "" if value is None else value
    yield plain("; ".join(map(str, cell.missing)))


def as_markdown(study: StudyAnswer) -> str:
    """A table of GitHub's Markdown, and what its figures are."""
    heads = ["method"]
    for column in study.columns:
        heads += [column.title, *(["published"] if is_published(study, column) else [])]
    rows = [[markdown(text) for text in texts(study, row)] for row in study.rows]
    lines = [[markdown(head) for head in heads], ["---", *("---:" for _ in heads[1:])], *rows]
    remarks = [f"{legend(study)}.", "", *(f"- {markdown(note)}" for note in notes(study))]
    table = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([f"**{markdown(study.name)}**", "", *table, "", *remarks, ""])


def as_latex(study: StudyAnswer) -> str:
    """A tabular of LaTeX with booktabs: over each column its title, under it what is measured and published."""
    numbers = len(study.columns) + sum(is_published(study, column) for column in study.columns)
    remarks = [study.name, study.citation, f"{legend(study)}.", *notes(study), "Needs the package booktabs."]
    lines = [
        *(f"% {latex(remark)}" for remark in remarks if remark),
        rf"\begin{{tabular}}{{l{'r' * numbers}}}",
        r"\toprule",
        *latex_heads(study),
        r"\midrule",
        *(rf"{' & '.join(latex(text) for text in texts(study, row))} \\" for row in study.rows),
        r"\bottomrule",
        r"\end{tabular}",
        "",
    ]
    return "\n".join(lines)


def latex_heads(study: StudyAnswer) -> Iterator[str]:
    """The columns' titles; where figures are published a second line, and rules between the two."""
    spans = [2 if is_published(study, column) else 1 for column in study.columns]
    titles = [latex(column.title) for column in study.columns]
    if max(spans, default=1) == 1:
        yield rf"{' & '.join(['Method', *titles])} \\"
        return
    wide = [rf"\multicolumn{{{span}}}{{c}}{{{title}}}" for title, span in zip(titles, spans, strict=True)]
    yield rf"{' & '.join(['', *wide])} \\"
    starts = [2 + sum(spans[:place]) for place in range(len(spans))]
    yield from (rf"\cmidrule(lr){{{start}-{start + 1}}}" for start, span in zip(starts, spans, strict=True) if span > 1)
    kinds = [kind for span in spans for kind in ("measured", "published")[:span]]
    yield rf"{' & '.join(['Method', *kinds])} \\"


def texts(study: StudyAnswer, row: StudyRow) -> Iterator[str]:
    """A row: its label, and of every column what is measured and, where the column has any, what is published."""
    yield row.label
    for column in study.columns:
        cell = row.cells.get(column.key)
        yield DASH if cell is None else measured(cell, with_n=not alike(study))
        if is_published(study, column):
            published = None if cell is None else cell.published
            yield DASH if cell is None or published is None else number(cell, published)


def measured(cell: StudyCell, *, with_n: bool) -> str:
    """What is measured, with its number of seeds where cells differ in it or some of its own are missing."""
    if cell.mean is None:
        return WAITS if cell.waiting else MISSING
    spread = "" if cell.std is None else f" ± {number(cell, cell.std, signed=False)}"
    lacking = f" of {cell.n + len(cell.missing)}" if cell.missing else ""
    return f"{number(cell, cell.mean)}{spread}{f' (n = {cell.n}{lacking})' if with_n or lacking else ''}"


def number(cell: StudyCell, value: float, *, signed: bool = True) -> str:
    """A figure of a cell's metric: in percent where that is a fraction, with its sign where it is a difference."""
    sign = "+" if signed and cell.derived is not None else ""
    return format(100 * value, f"{sign}.2f") if is_fraction(cell.metric) else format(value, f"{sign}.4g")


def is_fraction(metric: str) -> bool:
    """Whether a metric is shown in percent."""
    return any(word in metric for word in FRACTIONS)


def is_published(study: StudyAnswer, column: StudyColumn) -> bool:
    """Whether a column has published figures."""
    return any(column.key in row.cells and row.cells[column.key].published is not None for row in study.rows)


def alike(study: StudyAnswer) -> bool:
    """Whether all measured cells have as many seeds."""
    return len(counts(study)) <= 1


def counts(study: StudyAnswer) -> set[int]:
    """Numbers of seeds of the measured cells."""
    return {cell.n for row in study.rows for cell in row.cells.values() if cell.n}


def legend(study: StudyAnswer) -> str:
    """What the figures are, with the number of seeds where it is one."""
    n = counts(study)
    return f"{LEGEND} (n = {n.pop()})" if len(n) == 1 else LEGEND


def notes(study: StudyAnswer) -> list[str]:
    """What a reader must know: remarks on the table, and why cells are missing, each reason once."""
    places: dict[str, list[str]] = {}
    for row in study.rows:
        for column in study.columns:
            cell = row.cells.get(column.key)
            if cell is not None and cell.missing and not cell.waiting:
                places.setdefault(reason(cell), []).append(f"{row.label}, {column.title}")
    return [*study.notes, *(f"Missing ({why}): {'; '.join(cells)}." for why, cells in places.items())]


def reason(cell: StudyCell) -> str:
    """Why a cell lacks something."""
    seeds = [str(each) for each in cell.missing if isinstance(each, int)]
    words = [each for each in cell.missing if isinstance(each, str)]
    return "; ".join([*words, *([f"seed {', '.join(seeds)}"] if seeds else [])])


RENDERED: dict[str, tuple[str, str, Callable[[StudyAnswer], str]]] = {
    "csv": ("text/csv", "csv", as_csv),
    "latex": ("application/x-tex", "tex", as_latex),
    "markdown": ("text/markdown", "md", as_markdown),
}
"""Format -> media type, extension of files, how it is written."""
