"""`lpl export RUN --format`: a trained network to take away."""

from pathlib import Path

import typer
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

from client.calls.exporting import ModelFormat
from client.client import Client
from client.commands.results import file_in
from client.complaints import clean
from client.errors import DownloadError
from client.output import console


def export_model(
    client: Client, run: str, format: ModelFormat, *, checkpoint: str | None, output: Path | None, force: bool
) -> None:
    """Write the zip, with a sign of life on a terminal, and print where it lies.

    Raises:
        DownloadError: the file is there already, or its place is a folder.
    """
    run = client.find_run(run)
    target = file_in(output, f"{run}-{format}.zip")
    if target.exists() and not force:
        raise DownloadError(f"{target} exists; --force replaces it, --output names another file")
    terminal = console()
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=terminal, disable=not terminal.is_terminal, transient=True) as progress:
        task = progress.add_task(clean(target.name), total=None)
        client.export_model(
            run, format, target, checkpoint=checkpoint, on_bytes=lambda count: progress.advance(task, count)
        )
    typer.echo(f"{target}: {target.stat().st_size} bytes; unpack it and run `python load.py`")
