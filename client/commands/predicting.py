"""`lpl predict`."""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from client.commands.results import RunId
from client.connection import connected
from client.example_files import ROWS, TABLE, rows_in
from client.output import AsJson, say_json, say_table
from client.predictions import Predictions

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="Images, or .npz and .csv files of rows; a .csv of a table has its header."),
]
Csv = Annotated[bool, typer.Option("--csv", help="Comma-separated, with the probability of every class.")]
Which = Annotated[
    str | None, typer.Option("--checkpoint", help="best, last or an id; best if there is one, else last.")
]
Correction = Annotated[
    str | None, typer.Option("--posthoc", help="Another post-hoc correction, by name or as JSON; none: without.")
]
LIKELIEST = 3


def predict(
    context: typer.Context,
    run: RunId,
    files: Files,
    as_csv: Csv = False,
    checkpoint: Which = None,
    posthoc: Correction = None,
    as_json: AsJson = False,
) -> None:
    """Predict images, or rows of an .npz or .csv, with a run's network."""
    with connected(context, patient=True) as client:
        names, inputs = examples_in(
            files, by_column=any(map(is_table, files)) and client.get_run(run).inputs == "table"
        )
        options: dict[str, Any] = {"checkpoint": checkpoint, "posthoc": posthoc}
        if inputs is None:
            answer = client.predict(run, files=files, **options)
        else:
            answer = client.predict(run, inputs, **options)
    if as_json:
        say_json(answer)
    elif as_csv:
        say_csv(names, answer)
    else:
        say_predictions(names, answer)


def is_table(path: Path) -> bool:
    """Whether a file's rows may be a table's."""
    return path.suffix.lower() == TABLE


def examples_in(files: Sequence[Path], *, by_column: bool) -> tuple[list[str], list[Any] | None]:
    """What each example is called, and the rows of files; None for images.

    Args:
        files: of images, or of rows.
        by_column: whether a `.csv` is of a table as the run's.

    Raises:
        ValueError: images and rows at once.
    """
    of_rows = [path.suffix.lower() in ROWS for path in files]
    if not any(of_rows):
        return [str(path) for path in files], None
    if not all(of_rows):
        raise ValueError("images and files of rows at once; give either")
    read = [rows_in(path, by_column=by_column) for path in files]
    return [name for names, _ in read for name in names], [row for _, rows in read for row in rows]


def say_csv(names: Sequence[str], answer: Predictions) -> None:
    """Print a line per example: its name, what is predicted, and the probability of every class."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["input", "predicted", *answer.classes])
    for name, each in zip(names, answer.predictions, strict=True):
        predicted = each.text if each.label is not None else "|".join(each.labels or [])
        writer.writerow([name, predicted, *each.probabilities])


def say_predictions(names: Sequence[str], answer: Predictions) -> None:
    """Print a line per example, with its likeliest classes in percent."""
    rows = []
    for name, each in zip(names, answer.predictions, strict=True):
        ranked = sorted(zip(each.probabilities, answer.classes, strict=True), key=lambda item: -item[0])
        likeliest = ", ".join(f"{title} {100 * probability:.1f}" for probability, title in ranked[:LIKELIEST])
        rows.append([name, each.text, likeliest])
    say_table(["input", "predicted", "likeliest, %"], rows)


def add_to(app: typer.Typer) -> None:
    """Add the command, as one of a group: alone it would be the whole program."""
    app.callback()(nothing)
    app.command(predict.__name__)(predict)


def nothing() -> None:
    """Comes before every command."""
