"""`lpl submit`, `validate`, `watch`."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from client.answers import Job, Validation
from client.client import Client
from client.complaints import complain
from client.connection import connected
from client.errors import Interrupted, SpecFileError
from client.output import AsJson, console, say_json, say_table
from client.specs import overridden, preset_spec, read_spec
from client.tables import run_label, say_results, say_search

Source = Annotated[str | None, typer.Argument(metavar="[SPEC]", help="YAML or JSON file; - reads standard input.")]
Preset = Annotated[str | None, typer.Option("--preset", metavar="NAME", help="A preset of `lpl catalog presets`.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--override", "-o", metavar="PATH=VALUE", help="Change a field; may be repeated.")
]

MOST_CLASSES = 40


def submit(
    context: typer.Context,
    source: Source = None,
    preset: Preset = None,
    override: Overrides = None,
    watch_it: Annotated[bool, typer.Option("--watch", "-w", help="Follow it; status 0 if every run succeeds.")] = False,
    as_json: AsJson = False,
) -> None:
    """Submit an experiment."""
    with connected(context, patient=watch_it) as client:
        job = client.submit(spec_of(client, source, preset, override or []))
        if watch_it:
            if not as_json:
                typer.echo(f"Submitted {job.id}: {runs_in(job)}.")
            follow(client, job.id, as_json=as_json)
        elif as_json:
            say_json(job)
        else:
            typer.echo(f"{job.id}  {runs_in(job)}; follow with: lpl watch {job.id}")


def validate(
    context: typer.Context,
    source: Source = None,
    preset: Preset = None,
    override: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Show what a spec would run; starts nothing."""
    with connected(context) as client:
        answer = client.validate(spec_of(client, source, preset, override or []))
    if as_json:
        say_json(answer)
    else:
        say_validation(answer)


def watch_job(
    context: typer.Context,
    job: Annotated[str, typer.Argument(help="Job: its id, the beginning of it, its name, or last.")],
    as_json: AsJson = False,
) -> None:
    """Follow a job to its end; status 0 only if every run succeeded."""
    with connected(context, patient=True) as client:
        # A message that says how to go on must not say `last`, which may be another job by then.
        follow(client, job if job.startswith("j_") else client.find_job(job), as_json=as_json)


def follow(client: Client, job_id: str, *, as_json: bool) -> None:
    """Watch a job, print its result, end with status 1 unless every run succeeded."""
    end_by(followed(client, job_id, as_json=as_json))


def followed(client: Client, job_id: str, *, as_json: bool) -> Job:
    """A job that was watched to its end, its result printed.

    Raises:
        Interrupted: somebody stopped watching.
    """
    try:
        job = client.watch(job_id, as_json=as_json)
    except KeyboardInterrupt:
        raise Interrupted(f"stopped watching; the job goes on: lpl watch {job_id}") from None
    if not as_json:
        say_results(job)
        say_search(job)
        complain(failures(client, job))
    return job


def end_by(job: Job) -> None:
    """End with status 1 unless every run succeeded."""
    if job.state != "succeeded":
        raise typer.Exit(1)


def failures(client: Client, job: Job) -> list[str]:
    """A line per run that did not succeed, those aside that a search let go no further."""
    lost = [run for run in client.current_runs(job) if run.state != "succeeded" and run.reason != "pruned"]
    lines = [f"{run_label(run)} ({run.id}): {run.state}, {run.reason or 'no reason'}: {run.message}" for run in lost]
    return [line.removesuffix(": None") for line in lines]


def spec_of(client: Client, source: str | None, preset: str | None, overrides: list[str]) -> dict[str, Any]:
    """The spec that the arguments name."""
    if (source is None) == (preset is None):
        raise SpecFileError("give either a spec file (- for standard input) or --preset NAME")
    if source is not None:
        return overridden(read_spec(source), overrides)
    return preset_spec(preset or "", overrides, complete=lambda spec: client.validate(spec).spec)


def say_validation(answer: Validation) -> None:
    """Print what would run."""
    spec = answer.spec
    counts = answer.class_counts
    rows: list[list[Any]] = [
        ["runs", answer.runs_total],
        ["epochs", spec.get("epochs")],
        ["seeds", spec.get("seeds")],
        ["classes", len(counts)],
        ["examples", examples(counts)],
        ["notes", answer.notes],
    ]
    say_table(["would run", ""], [row for row in rows if row[1] not in (None, [])])
    typer.echo()
    say_class_counts(answer)
    typer.echo()
    console().print_json(data=spec)


def examples(counts: Sequence[int]) -> str:
    """Training examples in words; the smallest class is the smallest that has any."""
    some = [count for count in counts if count > 0]
    empty = f", {len(counts) - len(some)} without any" if len(some) < len(counts) else ""
    return f"{sum(some)} (largest class {max(some, default=0)}, smallest {min(some, default=0)}{empty})"


def say_class_counts(answer: Validation) -> None:
    """Print the training examples of every class; of many classes those of the first and the last ones."""
    names = answer.classes or [str(number) for number in range(len(answer.class_counts))]
    rows: list[list[Any]] = [list(row) for row in zip(names, answer.class_counts, strict=False)]
    if len(rows) > MOST_CLASSES:
        left_out, half = len(rows) - MOST_CLASSES, MOST_CLASSES // 2
        rows = [*rows[:half], [f"({left_out} more)", ""], *rows[-half:]]
    say_table(["class", "examples"], rows, right=[1])


def runs_in(job: Job) -> str:
    """How many runs a job has, in words."""
    return "1 run" if job.runs_total == 1 else f"{job.runs_total} runs"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("submit")(submit)
    app.command("validate")(validate)
    app.command("watch")(watch_job)
