"""`lpl compare`, `export`."""

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from client.calls.comparing import TableFormat
from client.calls.exporting import ModelFormat
from client.client import Client
from client.commands.model_export import export_model
from client.comparison import Comparison, Pair
from client.connection import connected
from client.entry_points import CommandError
from client.errors import DownloadError
from client.output import AsJson, say_json, say_table
from client.results import COLUMNS, percent
from client.words import shown

Jobs = Annotated[list[str] | None, typer.Argument(metavar="JOB...", help="Jobs: id, beginning, name, last.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="Job (--format: run): id, beginning, name, last.")]
Runs = Annotated[list[str] | None, typer.Option("--run", metavar="RUN", help="A run; may be repeated.")]
Latex = Annotated[bool, typer.Option("--latex", help="The result table for LaTeX.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="The result table for Markdown.")]
Csv = Annotated[bool, typer.Option("--csv", help="The result table, comma-separated.")]
Tensorboard = Annotated[
    Path | None, typer.Option("--tensorboard", metavar="FOLDER", help="Event files of its runs for TensorBoard.")
]
Output = Annotated[Path | None, typer.Option("--output", "--out", "-o", help="Write a file instead.")]
Format = Annotated[
    ModelFormat | None, typer.Option("--format", help="The trained network of a run, in a zip, in this format.")
]
Checkpoint = Annotated[
    str | None, typer.Option(help="--format: best, last or an id; the best if one is kept, else the last.")
]
Force = Annotated[bool, typer.Option("--force", help="--format: replace the file.")]
MOST_PAIRS = 60


def compare(
    context: typer.Context,
    jobs: Jobs = None,
    run: Runs = None,
    latex: Latex = False,
    markdown: Markdown = False,
    csv: Csv = False,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Compare jobs and runs: what differs, results, differences by seed."""
    form = chosen(latex=latex, markdown=markdown, csv=csv)
    with connected(context) as client:
        if form is not None:
            say_text(client.comparison_table(*(jobs or []), runs=run or [], format=form), output)
            return
        found = client.compare(*(jobs or []), runs=run or [])
    if as_json:
        say_json(found)
    else:
        say_comparison(found)


def export(
    context: typer.Context,
    job: Job,
    latex: Latex = False,
    markdown: Markdown = False,
    csv: Csv = False,
    tensorboard: Tensorboard = None,
    format: Format = None,
    checkpoint: Checkpoint = None,
    output: Output = None,
    force: Force = False,
) -> None:
    """Print a job's result table; write curves for TensorBoard, or a run's network (--format)."""
    table = chosen(latex=latex, markdown=markdown, csv=csv)
    if sum(each is not None for each in (table, tensorboard, format)) > 1:
        raise ValueError("a result table, --tensorboard and --format are three exports: ask for one at a time")
    if tensorboard is not None and output is not None:
        raise ValueError("--tensorboard names the folder it writes to: leave --output out")
    if format is None and checkpoint is not None:
        raise ValueError("--checkpoint says which network to take: give its --format too")
    with connected(context, patient=format is not None or tensorboard is not None) as client:
        if tensorboard is not None:
            export_events(client, job, tensorboard)
        elif format is not None:
            export_model(client, job, format, checkpoint=checkpoint, output=output, force=force)
        else:
            say_text(client.result_table(job, format=table or "csv"), output)


def export_events(client: Client, job: str, folder: Path) -> None:
    """Write the event files of a job's runs.

    Raises:
        CommandError: the package tensorboard is not installed.
    """
    try:
        event_files: Any = importlib.import_module("client.event_files")
    except ModuleNotFoundError as error:
        raise CommandError("--tensorboard needs another package: pip install 'lpl-service[tensorboard]'") from error
    written = event_files.export(client, job, folder)
    typer.echo(f"{folder}: {written} {'run' if written == 1 else 'runs'}; see them with: tensorboard --logdir {folder}")


def chosen(*, latex: bool, markdown: bool, csv: bool) -> TableFormat | None:
    """The format that was asked for.

    Raises:
        ValueError: there are several.
    """
    forms: dict[TableFormat, bool] = {"latex": latex, "markdown": markdown, "csv": csv}
    asked = [form for form, wanted in forms.items() if wanted]
    if len(asked) > 1:
        raise ValueError(f"one format at a time, not {' and '.join(asked)}")
    return asked[0] if asked else None


def say_text(text: str, output: Path | None) -> None:
    """Print a table, or write its file.

    Raises:
        DownloadError: the file's place is a folder.
    """
    if output is None:
        typer.echo(text.replace("\r\n", "\n"), nl=False)
        return
    if output.is_dir():
        raise DownloadError(f"{output} is a folder; --output names a file")
    output.write_text(text, encoding="utf-8", newline="")
    typer.echo(str(output))


def say_comparison(found: Comparison) -> None:
    """Print the verdict, what differs, the results, the differences."""
    if found.verdict is not None:
        typer.echo(shown(found.verdict.text))
    labels = [side.label for side in found.sides]
    columns = [name for name in COLUMNS if name in found.metrics]
    rows: list[list[Any]] = [
        [side.label, side.dataset, *(percent(found.metrics[name][place]) for name in columns), seeds_of(found, place)]
        for place, side in enumerate(found.sides)
    ]
    typer.echo()
    say_table(["side", "data set", *(COLUMNS[name] for name in columns), "seeds"], rows, right=range(2, 9))
    if found.configuration:
        typer.echo()
        differing = [[path, *values] for path, values in found.configuration.items()]
        say_table(["what differs", *labels], differing)
    pairs = [pair for pair in found.pairs if pair.metric == found.series.metric]
    if pairs:
        typer.echo()
        say_pairs(pairs[:MOST_PAIRS], labels)


def seeds_of(found: Comparison, place: int) -> str:
    """How many seeds a side has, of how many."""
    side = found.sides[place]
    done = len(side.seeds) - len(side.missing_seeds)
    return f"{done} of {len(side.seeds)}" if side.missing_seeds else f"{done}"


def say_pairs(pairs: list[Pair], labels: list[str]) -> None:
    """Print a line per difference, in points of percent."""
    rows = [[f"{labels[pair.a]} − {labels[pair.b]}", *figures(pair), pair.n, pair.note] for pair in pairs]
    say_table(["difference by seed", "mean %", "95 % interval", "n", ""], rows, right=[1, 2, 3])


def figures(pair: Pair) -> list[str]:
    """Mean and interval of a difference; marked where the interval excludes zero."""
    if pair.difference is None:
        return ["-", "-"]
    interval = pair.confidence_interval
    shown_interval = "-" if interval is None else f"{100 * interval[0]:+.2f} to {100 * interval[1]:+.2f}"
    return [f"{100 * pair.difference:+.2f}{'*' if pair.decided else ''}", shown_interval]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (compare, export):
        app.command(command.__name__)(command)
