"""`lpl report`: what has been measured of each class."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from client.class_report import FIGURES, ClassReport, ConfusedPair, MeanOverRuns, PointClass, PointClassReport, RunClass
from client.client import Client
from client.commands.comparing import Output, chosen, say_text
from client.connection import connected
from client.output import AsJson, say_json, say_table
from client.words import shown

Subject = Annotated[str, typer.Argument(metavar="RUN|JOB", help="A run by its id, or a job: id, name, last.")]
HEAD = ("class", "training", "test", "precision %", "recall %", "F1 %", "average precision %", "mostly taken for")


def report(
    context: typer.Context,
    subject: Subject,
    csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, fractions.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="A table for Markdown.")] = False,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Show what a run, or the runs of a job, have measured of each class."""
    form = chosen(latex=False, markdown=markdown, csv=csv)
    of_run = subject.startswith("r_")
    with connected(context) as client:
        if form == "csv" or form == "markdown":
            table = client.class_report_table if of_run else client.job_class_report_table
            say_text(table(subject, format=form), output)
        elif as_json:
            say_json(client.class_report(subject) if of_run else client.job_class_report(subject))
        else:
            say_reports(client, subject, of_run=of_run)


def say_reports(client: Client, subject: str, *, of_run: bool) -> None:
    """Print a run's report, or those of a job's points."""
    if of_run:
        say_report(client.class_report(subject))
        return
    answer = client.job_class_report(subject)
    for place, point in enumerate(answer.points):
        typer.echo(f"{chr(10) if place else ''}{shown(point.label)}, seeds {', '.join(map(str, point.seeds))}")
        say_report(point)
    if not answer.points:
        typer.echo("no run has succeeded yet")
    if answer.left_out:
        typer.echo(f"{answer.left_out} more points; the service answers them one at a time (?point=)")


def say_report(found: ClassReport | PointClassReport) -> None:
    """Print a line per class, the most confused pairs, and what to know."""
    names = [each.name for each in found.classes]
    say_table(HEAD, [cells(each, names) for each in found.classes], right=range(1, 7))
    for pair in found.most_confused[:5]:
        words = f"{names[pair.true]} taken for {names[pair.predicted]}: {pair.count} ({percent(pair.share)} %)"
        typer.echo(shown(words))
    if found.calibration is not None:
        typer.echo(f"expected calibration error {percent(found.calibration.error)} %")
    for note in found.notes:
        typer.echo(shown(note))


def cells(each: RunClass | PointClass, names: Sequence[str]) -> list[Any]:
    """The line of a class."""
    counts = ["-" if count is None else count for count in (each.training_count, each.test_count)]
    return [each.name, *counts, *(percent(getattr(each, name)) for name in FIGURES), taken_for(each, names)]


def taken_for(each: RunClass | PointClass, names: Sequence[str]) -> str:
    """What a class is mostly taken for."""
    worst: ConfusedPair | None = next(iter(each.confused_with), None)
    return "" if worst is None else f"{names[worst.predicted]} ({percent(worst.share)} %)"


def percent(value: float | MeanOverRuns | None) -> str:
    """A fraction, or its mean ± standard deviation, in percent."""
    figure = MeanOverRuns(mean=value) if isinstance(value, float | int) else value
    if figure is None or figure.mean is None:
        return "-"
    return f"{100 * figure.mean:.2f}" if figure.std is None else f"{100 * figure.mean:.2f} ± {100 * figure.std:.2f}"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("report")(report)
