"""Reports by class as tables: CSV for programs, Markdown for people."""

import csv
import io
from collections.abc import Callable, Sequence
from itertools import chain

from api.services.class_report.answer import counts, most_confused, nullable, over_runs
from api.services.class_report.confusions import Pair, confused
from api.services.class_report.measured import FIGURES, ClassReport
from api.services.comparison.tables import markdown, plain

HEAD = ("class", "training", "test", "precision", "recall", "F1", "average precision", "mostly taken for")
LEGEND = "Percent on the test set; where there are several runs mean ± standard deviation over them"


def as_csv(reports: Sequence[ClassReport], *, pooled: bool) -> str:
    """Comma-separated: fractions with all their digits; of points a row per point and class, with mean, std and n."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    heads = [name for figure in FIGURES for name in ([f"{figure} {part}" for part in PARTS] if pooled else [figure])]
    first = ["point"] if pooled else []
    writer.writerow([*first, "class", "training_count", "test_count", *heads, "confused_with", "count", "share"])
    for report in reports:
        own = [plain(report.label)] if pooled else []
        writer.writerows([*own, *row] for row in csv_rows(report, pooled=pooled))
    return text.getvalue()


PARTS = ("mean", "std", "n")


def csv_rows(report: ClassReport, *, pooled: bool) -> list[list[str | float | int]]:
    """A row per class."""
    figures = [figure_columns(report, name, pooled=pooled) for name in FIGURES]
    worst = {pair.true: pair for pair in confused(report.cells, 1, by_class=True)}
    rows = zip(report.names, counts(report), report.test_counts, *figures, strict=True)
    return [
        [plain(name), empty(training), empty(test), *chain.from_iterable(values), *csv_pair(report, worst.get(c))]
        for c, (name, training, test, *values) in enumerate(rows)
    ]


def figure_columns(report: ClassReport, name: str, *, pooled: bool) -> list[list[str | float | int]]:
    """[C] the cells of a figure."""
    spread = report.figures.get(name)
    if spread is None:
        return [["", "", 0] if pooled else [""]] * len(report.names)
    means, stds = (list(map(empty, nullable(values))) for values in (spread.mean, spread.std))
    if not pooled:
        return [[mean] for mean in means]
    return [[mean, std, int(n)] for mean, std, n in zip(means, stds, spread.n, strict=True)]


def csv_pair(report: ClassReport, pair: Pair | None) -> list[str | float | int]:
    """What a class is mostly taken for."""
    return ["", "", ""] if pair is None else [plain(report.names[pair.predicted]), pair.count, pair.share]


def empty(value: float | None) -> float | str:
    """The value, an empty cell for none."""
    return "" if value is None else value


def as_markdown(reports: Sequence[ClassReport], *, pooled: bool) -> str:
    """A table of GitHub's Markdown for each report, with what its reader must know."""
    return "\n".join(chain.from_iterable(markdown_lines(report, titled=pooled) for report in reports))


def markdown_lines(report: ClassReport, *, titled: bool) -> list[str]:
    """The lines of a report."""
    rows = [[markdown(cell) for cell in row] for row in cells(report)]
    lines = [list(HEAD), ["---", *("---:" for _ in HEAD[1:-1]), "---"], *rows]
    title = [f"### {markdown(report.label)}", ""] if titled else []
    pairs = [f"- {markdown(line)}" for line in pair_lines(report)]
    told = ["", f"{LEGEND}; {'; '.join(notes(report))}.", ""]
    return [*title, *(f"| {' | '.join(line)} |" for line in lines), *told, *pairs, *([""] if pairs else [])]


def notes(report: ClassReport) -> list[str]:
    """What a reader must know, with how well the runs are calibrated."""
    if not report.calibration_errors:
        return report.notes
    error = over_runs(report.calibration_errors)
    return [f"expected calibration error {percent(error['mean'], error['std'])} %", *report.notes]


def pair_lines(report: ClassReport) -> list[str]:
    """The most confused pairs in words."""
    return [
        f"{report.names[pair.true]} taken for {report.names[pair.predicted]}: {pair.count} "
        f"({100 * pair.share:.1f} % of its test examples)"
        for pair in most_confused(report)
    ]


def cells(report: ClassReport) -> list[list[str]]:
    """A row per class for people: figures in percent."""
    worst = {pair.true: pair for pair in confused(report.cells, 1, by_class=True)}
    columns = [shown(report, name) for name in FIGURES]
    rows = zip(report.names, counts(report), report.test_counts, *columns, strict=True)
    return [
        [name, *(dash(number) for number in (training, test)), *values, taken_for(report, worst.get(c))]
        for c, (name, training, test, *values) in enumerate(rows)
    ]


def shown(report: ClassReport, name: str) -> list[str]:
    """[C] a figure in percent."""
    spread = report.figures.get(name)
    if spread is None:
        return ["–"] * len(report.names)
    return [percent(*pair) for pair in zip(nullable(spread.mean), nullable(spread.std), strict=True)]


def percent(mean: float | None, std: float | None) -> str:
    """A mean and its standard deviation, in percent."""
    if mean is None:
        return "–"
    return f"{100 * mean:.2f}" if std is None else f"{100 * mean:.2f} ± {100 * std:.2f}"


def dash(number: int | None) -> str:
    """A count, a dash for none."""
    return "–" if number is None else str(number)


def taken_for(report: ClassReport, pair: Pair | None) -> str:
    """What a class is mostly taken for, and which share of its examples."""
    return "" if pair is None else f"{report.names[pair.predicted]} ({100 * pair.share:.1f} %)"


RENDERED: dict[str, tuple[str, str, Callable[..., str]]] = {
    "csv": ("text/csv", "csv", as_csv),
    "markdown": ("text/markdown", "md", as_markdown),
}
"""Format -> media type, extension of files, how it is written."""
