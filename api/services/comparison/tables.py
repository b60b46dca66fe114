"""Tables as in papers: rows are methods, columns metrics, or data sets where there are several."""

import csv
import io
import re
import statistics
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from api.services.comparison.compared import Compared
from api.services.comparison.labels import metric_title
from api.services.comparison.ranking import Sample, lead

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With these a spreadsheet takes a cell for a formula, or a text for two cells."""
GREEK = "alpha beta gamma delta epsilon eta theta kappa mu nu pi rho sigma tau phi chi psi omega"
END_OF_LATIN = 0x180
LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
    "–": "--",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    **{unicodedata.lookup(f"GREEK SMALL LETTER {letter}"): f"$\\{letter}$" for letter in GREEK.split()},
    "\N{GREEK SMALL LETTER LAMDA}": r"$\lambda$",
}
MARKDOWN = re.compile(r"([\\`*_\[\]<>|~#&!])")
LEGEND = "Percent: mean ± standard deviation over seeds"
BOLD = "bold where the paired 95 % interval to the runner-up excludes zero"


@dataclass(frozen=True)
class Cell:
    """A figure: a fraction over n of the seeds there should be; `best` only where that is beyond the noise."""

    mean: float | None
    std: float | None
    n: int
    seeds: int
    best: bool


@dataclass(frozen=True)
class Row:
    """A method's figures; None where it was not tried."""

    label: str
    cells: list[Cell | None]


@dataclass(frozen=True)
class Column:
    """A metric on a data set."""

    title: str
    metric: str
    dataset: str


@dataclass(frozen=True)
class Table:
    """What the formats have in common."""

    columns: list[Column]
    rows: list[Row]


def table_of(compared: Compared, metrics: Sequence[str] = ()) -> Table:
    """The table of a comparison, its rows in the order of the sides; of these metrics where there are any."""
    columns = chosen_columns(compared, metrics) if metrics else columns_of(compared)
    filled = [column_cells(compared, column) for column in columns]
    labels = list(dict.fromkeys(compared.labels))
    return Table(columns, [Row(label, [cells.get(label) for cells in filled]) for label in labels])


def columns_of(compared: Compared) -> list[Column]:
    """The metrics of one data set, or the main metric on each of several."""
    datasets = list(dict.fromkeys(compared.datasets))
    if len(datasets) > 1 and compared.main is not None:
        title = metric_title(compared.main)
        return [Column(f"{name} {title}", compared.main, name) for name in datasets]
    return [Column(metric_title(metric), metric, name) for name in datasets for metric in compared.metrics]


def chosen_columns(compared: Compared, metrics: Sequence[str]) -> list[Column]:
    """These metrics, on each data set where there are several."""
    datasets = list(dict.fromkeys(compared.datasets))
    named = len(datasets) > 1
    return [
        Column(f"{name} {metric_title(metric)}" if named else metric_title(metric), metric, name)
        for name in datasets
        for metric in dict.fromkeys(metrics)
    ]


def column_cells(compared: Compared, column: Column) -> dict[str, Cell]:
    """Label -> cell of a column."""
    places = [place for place, dataset in enumerate(compared.datasets) if dataset == column.dataset]
    every = compared.samples(column.metric)
    samples = [every[place] for place in places]
    first = lead(samples, column.metric)
    best = places[first.best] if first is not None and first.decided else None
    return {
        compared.labels[place]: cell_of(sample, seeds=len(compared.sides[place].members), best=place == best)
        for place, sample in zip(places, samples, strict=True)
    }


def cell_of(sample: Sample, *, seeds: int, best: bool) -> Cell:
    """The cell of a sample."""
    values = list(sample.values())
    mean = statistics.fmean(values) if values else None
    return Cell(mean, statistics.stdev(values) if len(values) > 1 else None, len(values), seeds, best)


def as_csv(table: Table) -> str:
    """Comma-separated, for programs and spreadsheets: fractions with all their digits, nothing that runs."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    heads = [f"{column.title} {part}" for column in table.columns for part in ("mean", "std", "n")]
    writer.writerow([plain(head) for head in ["method", *heads]])
    for row in table.rows:
        writer.writerow([plain(row.label), *(number for cell in row.cells for number in numbers(cell))])
    return text.getvalue()


def numbers(cell: Cell | None) -> tuple[float | str, float | str, int]:
    """The three columns of a cell."""
    if cell is None or cell.mean is None:
        return "", "", 0
    return cell.mean, "" if cell.std is None else cell.std, cell.n


def plain(text: str) -> str:
    """A text that no spreadsheet runs."""
    return f"'{text}" if text.startswith(FORMULA) else text


def figure(cell: Cell | None) -> str:
    """A cell in percent, with its number of seeds where some are missing."""
    if cell is None or cell.mean is None:
        return "–"
    spread = "" if cell.std is None else f" ± {100 * cell.std:.2f}"
    partial = f" (n = {cell.n})" if cell.n < cell.seeds else ""
    return f"{100 * cell.mean:.2f}{spread}{partial}"


def as_markdown(table: Table) -> str:
    """A table of GitHub's Markdown, and what its figures are."""
    heads = [markdown(text) for text in ["method", *(column.title for column in table.columns)]]
    rows = [[markdown(row.label), *(marked(cell, "**{}**".format) for cell in row.cells)] for row in table.rows]
    lines = [heads, ["---", *("---:" for _ in table.columns)], *rows]
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", f"{legend(table)}.", ""])


def markdown(text: str) -> str:
    """A text in one cell of Markdown, as it is."""
    return MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def marked(cell: Cell | None, bold: Callable[[str], str], escape: Callable[[str], str] = str) -> str:
    """A cell's figure, bold where it is best."""
    text = escape(figure(cell))
    return bold(text) if cell is not None and cell.best else text


def as_latex(table: Table) -> str:
    """A tabular of LaTeX with booktabs, and what its figures are."""
    heads = [latex(text) for text in ["Method", *(column.title for column in table.columns)]]
    bold = r"\textbf{{{}}}".format
    rows = [[latex(row.label), *(marked(cell, bold, latex) for cell in row.cells)] for row in table.rows]
    first, *others = [f"{' & '.join(line)} \\\\" for line in (heads, *rows)]
    comment = f"% {latex(legend(table))}. Needs the package booktabs."
    begin = rf"\begin{{tabular}}{{l{'r' * len(table.columns)}}}"
    lines = [comment, begin, r"\toprule", first, r"\midrule", *others, r"\bottomrule", r"\end{tabular}", ""]
    return "\n".join(lines)


def latex(text: str) -> str:
    """A text of LaTeX that shows as it is; characters that pdflatex does not have are question marks."""
    return "".join(LATEX.get(character) or latin(character) for character in " ".join(text.split()))


def latin(character: str) -> str:
    """A letter or sign of European languages as it is."""
    return character if character.isprintable() and ord(character) < END_OF_LATIN else "?"


def legend(table: Table) -> str:
    """What the figures are, with the number of seeds where it is one."""
    counts = {cell.n for row in table.rows for cell in row.cells if cell is not None and cell.n == cell.seeds}
    seeds = f" (n = {counts.pop()})" if len(counts) == 1 else ""
    return f"{LEGEND}{seeds}; {BOLD}"


def as_json(table: Table) -> dict[str, object]:
    """The table as JSON-able values."""
    return asdict(table)


RENDERED: dict[str, tuple[str, str, Callable[[Table], str]]] = {
    "csv": ("text/csv", "csv", as_csv),
    "latex": ("application/x-tex", "tex", as_latex),
    "markdown": ("text/markdown", "md", as_markdown),
}
"""Format -> media type, extension of files, how it is written."""


def cells(table: Table) -> Sequence[Sequence[str]]:
    """The rows as texts, for pages."""
    return [[row.label, *(figure(cell) for cell in row.cells)] for row in table.rows]
