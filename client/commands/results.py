"""`lpl metrics`, `download`, `logs`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from client.answers import Checkpoint, Curve, LossVariations, SignedVariations
from client.calls.finding import begun
from client.client import Client
from client.complaints import clean
from client.connection import connected
from client.errors import ApiError, DownloadError
from client.output import AsJson, console, moment, say_json, say_list, say_table
from client.words import shown

RunId = Annotated[str, typer.Argument(metavar="RUN", help="Run: id, beginning, last, JOB:SEED, JOB/N, a one-run job.")]
SHOWN = (
    "train/loss",
    "train/top1_error",
    "validation/top1_error",
    "test/top1_error",
    "test/top1_error.many",
    "test/top1_error.medium",
    "test/top1_error.few",
    "validation/mean_average_precision",
    "test/mean_average_precision",
    "test/mean_average_precision.many",
    "test/mean_average_precision.medium",
    "test/mean_average_precision.few",
)
FRACTIONS = ("top1_error", "mean_average_precision", "micro_f1", "macro_f1")
NOT_FOUND = 404


def metrics(
    context: typer.Context,
    run: RunId,
    name: Annotated[list[str] | None, typer.Option(help="A metric; may be repeated.")] = None,
    after_epoch: Annotated[int, typer.Option(min=0, help="Later epochs only.")] = 0,
    classes: Annotated[
        bool, typer.Option("--classes", help="Per class: accuracy (multi label: average precision) and loss variation.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a run's learning curves, or its last figures per class."""
    with connected(context) as client:
        if classes:
            say_classes(client, run, as_json=as_json)
            return
        curves: Mapping[str, Curve] = client.metrics(run, after_epoch=after_epoch)
    if unknown := [title for title in name or [] if title not in curves]:
        detail = f"run {run} has no metric {', '.join(unknown)}; it has: {', '.join(curves) or 'none yet'}"
        raise ApiError(NOT_FOUND, "Not found", detail=detail)
    curves = {title: curve for title, curve in curves.items() if not name or title in name}
    if as_json:
        say_json({"metrics": curves})
    else:
        say_curves(curves, name or [title for title in SHOWN if title in curves])


def say_curves(curves: Mapping[str, Curve], names: Sequence[str]) -> None:
    """Print a line per epoch; errors and precisions in percent."""
    values = {name: dict(zip(curves[name].epoch, curves[name].value, strict=True)) for name in names if name in curves}
    epochs = sorted({epoch for curve in values.values() for epoch in curve})
    header = ["epoch", *(f"{name} %" if is_fraction(name) else name for name in values)]
    rows = [[epoch, *(figure(name, curve.get(epoch)) for name, curve in values.items())] for epoch in epochs]
    say_table(header, rows, right=range(len(header)))


def is_fraction(name: str) -> bool:
    """Whether a metric is a fraction."""
    return name.rsplit("/", 1)[-1].partition(".")[0] in FRACTIONS


def figure(name: str, value: float | None) -> str:
    """A metric's value for the eye."""
    if value is None:
        return "-"
    return f"{100 * value:.2f}" if is_fraction(name) else f"{value:.4g}"


def say_classes(client: Client, run: str, *, as_json: bool) -> None:
    """Print accuracy (multi label: average precision) and loss variation per class after the last epoch."""
    variation = client.loss_variations(run)
    name = "test/accuracy" if variation.positive is None else "test/average_precision"
    quality = client.class_metrics(run, name)
    if as_json:
        say_json({name: quality, "loss_variations": variation})
        return
    columns: list[tuple[str, Sequence[Any]]] = [
        ("examples", quality.class_counts),
        (f"{name.removeprefix('test/').replace('_', ' ')} %", [figure("top1_error", v) for v in last(quality.values)]),
    ]
    columns += [(title, [figure("", value) for value in last(values)]) for title, values in variations(variation)]
    rows = [
        [label, *(values[number] if number < len(values) else "-" for _, values in columns)]
        for number, label in enumerate(quality.classes)
    ]
    say_table(["class", *(title for title, _ in columns)], rows, right=range(1, 1 + len(columns)))


def variations(answer: LossVariations) -> list[tuple[str, list[list[float | None]]]]:
    """(title, [epochs][classes]) of every loss variation that a run has."""
    absolute = answer.absolute_loss_variation
    signed = absolute if isinstance(absolute, SignedVariations) else SignedVariations()
    every = [
        ("relative loss variation", answer.relative_loss_variation),
        ("absolute loss variation", absolute if isinstance(absolute, list) else None),
        ("positive", answer.positive),
        ("positive, absolute", signed.positive),
        ("negative", answer.negative),
        ("negative, absolute", signed.negative),
    ]
    return [(title, values) for title, values in every if values]


def last(values: Sequence[Sequence[float | None]]) -> Sequence[float | None]:
    """The last epoch's values."""
    return values[-1] if values else []


def download(
    context: typer.Context,
    run: RunId,
    kind: Annotated[str | None, typer.Option(help="best, last or periodic; best if there is one, else last.")] = None,
    checkpoint: Annotated[str | None, typer.Option(help="A checkpoint by its id or the beginning of it.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File or folder; RUN-KIND.safetensors.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="List the checkpoints.")] = False,
    as_json: AsJson = False,
) -> None:
    """Download a run's checkpoint; its SHA-256 is checked."""
    with connected(context, patient=True) as client:
        run = client.find_run(run)
        checkpoints = client.checkpoints(run)
        if listing:
            say_list(checkpoints, ["id", "epoch", "kind", "size_bytes", "sha256", "created_at"], as_json=as_json)
            return
        chosen = choose(checkpoints, run, kind=kind, checkpoint_id=checkpoint)
        target = file_in(output, f"{run}-{chosen.kind}.safetensors")
        if target.exists() and not force:
            raise DownloadError(f"{target} exists; --force replaces it, --output names another file")
        fetch(client, chosen, target)
    if as_json:
        say_json({"path": str(target), "checkpoint": chosen})
    else:
        typer.echo(f"{target}: epoch {chosen.epoch}, {chosen.size_bytes} bytes, sha256 {chosen.sha256}")


def file_in(output: Path | None, name: str) -> Path:
    """The file that was asked for; of that name in a folder.

    Raises:
        DownloadError: the file's place is a folder.
    """
    target = Path(name) if output is None else output / name if output.is_dir() else output
    if target.is_dir():
        raise DownloadError(f"{target} is a folder; --output names another file")
    return target


def choose(checkpoints: Sequence[Checkpoint], run: str, *, kind: str | None, checkpoint_id: str | None) -> Checkpoint:
    """The checkpoint that was asked for: by id, by kind, else the best, else the last.

    Raises:
        ApiError: there is none, or there are several.
    """
    kinds = [kind] if kind else ["best", "last", "periodic"]
    if checkpoint_id:
        whole_id = begun((item.id for item in checkpoints), checkpoint_id, "checkpoints")
        fitting = [item for item in checkpoints if item.id == whole_id]
    else:
        fitting = [item for wanted in kinds for item in reversed(checkpoints) if item.kind == wanted]
    if not fitting:
        have = ", ".join(f"{item.id} ({item.kind})" for item in checkpoints) or "none yet"
        raise ApiError(NOT_FOUND, "Not found", detail=f"run {run} has no such checkpoint; it has: {have}")
    return max(fitting, key=lambda item: (-kinds.index(item.kind) if item.kind in kinds else 0, item.epoch))


def fetch(client: Client, checkpoint: Checkpoint, target: Path) -> None:
    """Download with a progress bar on a terminal."""
    terminal = console()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=terminal, disable=not terminal.is_terminal, transient=True) as progress:
        task = progress.add_task(clean(target.name), total=checkpoint.size_bytes)
        client.download_checkpoint(checkpoint, target, on_bytes=lambda count: progress.advance(task, count))


def logs(
    context: typer.Context,
    run: RunId,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")] = False,
    tail: Annotated[int | None, typer.Option(min=1, help="Only so many lines, the last.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Show a run's log."""
    with connected(context, patient=follow) as client:
        run = client.find_run(run)
        lines = client.logs(run, tail=tail)
        if as_json and not follow:
            say_list(lines, [], as_json=True)
            return
        for line in lines:
            say_line(line.model_dump(mode="json"), as_json=as_json)
        if follow and not client.get_run(run).ended:
            follow_log(client, run, last_event_id=str(lines[-1].id) if lines else "0", as_json=as_json)


def follow_log(client: Client, run: str, *, last_event_id: str, as_json: bool) -> None:
    """Print log lines as they come."""
    for event in client.events(run=run, last_event_id=last_event_id):
        if event.kind == "log":
            say_line(event.data, as_json=as_json)
        if event.kind == "state" and client.get_run(run).ended:
            return


def say_line(line: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a log line."""
    if as_json:
        console().print_json(data=dict(line), indent=None)
    else:
        time = shown(moment(line.get("created_at")))
        typer.echo(clean(f"{time} {line.get('level', 'info'):7} {line.get('message', '')}".strip()))


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (metrics, download, logs):
        app.command(command.__name__)(command)
