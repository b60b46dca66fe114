"""`lpl list`, `show`, `edit`, `cancel`, `pause`, `resume`, `retry`, `extend`, `delete`."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from client.answers import Job, Run
from client.connection import connected
from client.errors import ApiError
from client.output import AsJson, say_json, say_table
from client.tables import run_label, say_job, say_jobs, say_results, say_runs, say_search
from client.words import shown

ABOUT_ID = "Job or run: its id or the beginning of it, a job's name, last; a run also JOB:SEED or JOB/N."
Either = Annotated[str, typer.Argument(metavar="ID", help=ABOUT_ID)]
NOT_FOUND = 404


def list_jobs(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="queued, running, paused, succeeded, failed, cancelled.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only jobs with this tag.")] = None,
    name: Annotated[str | None, typer.Option(help="Only jobs of this name.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Only jobs on this data set.")] = None,
    method: Annotated[str | None, typer.Option(help="Only jobs of this method.")] = None,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="BOUND", help="Only jobs within it: test/top1_error<0.2. Repeatable.")
    ] = None,
    archived: Annotated[bool, typer.Option("--archived", help="The archived jobs in place of the others.")] = False,
    sort: Annotated[
        str | None, typer.Option(help="created_at, name, progress or metric:NAME; - in front: descending.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Length of the page.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Go on where a page ended.")] = None,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    filters = {"state": state, "tag": tag, "name": name, "dataset": dataset, "method": method, "sort": sort}
    with connected(context) as client:
        page = client.list_jobs(**filters, metric=metric or (), archived=archived, limit=limit, cursor=cursor)
    if as_json:
        say_json(page)
        return
    say_jobs(page.items)
    if page.next:
        order = f" --sort {sort}" if sort else ""
        typer.echo(f"More: lpl list{order} --cursor {page.next}")


def show(context: typer.Context, resource: Either, as_json: AsJson = False) -> None:
    """Show a job with its results and runs, or a run."""
    with connected(context) as client:
        answer = either(resource, client.get_job, client.get_run)
        if as_json:
            say_json(answer)
        elif isinstance(answer, Run):
            say_run(answer)
        else:
            say_job(answer)
            typer.echo()
            if answer.verdict is not None:
                typer.echo(shown(answer.verdict.text))
            say_results(answer)
            say_search(answer)
            typer.echo()
            say_runs(client.current_runs(answer))


def cancel(context: typer.Context, resource: Either, as_json: AsJson = False) -> None:
    """Cancel a job or a run; what it has recorded stays."""
    with connected(context) as client:
        say_requested(either(resource, client.cancel, client.cancel_run), as_json=as_json)


def pause(context: typer.Context, resource: Either, as_json: AsJson = False) -> None:
    """Let a job or a run wait, from a checkpoint."""
    with connected(context) as client:
        say_requested(either(resource, client.pause, client.pause_run), as_json=as_json)


def resume(context: typer.Context, resource: Either, as_json: AsJson = False) -> None:
    """Let a paused job or run go on."""
    with connected(context) as client:
        say_requested(either(resource, client.resume, client.resume_run), as_json=as_json)


def retry(context: typer.Context, resource: Either, as_json: AsJson = False) -> None:
    """Run a job's failed and cancelled runs, or one of them, again."""
    with connected(context) as client:
        say_requested(either(resource, client.retry, client.retry_run), as_json=as_json)


def extend(
    context: typer.Context,
    job: Annotated[str, typer.Argument(help="A job: id, beginning, name, last.")],
    seeds: Annotated[
        str | None,
        typer.Option(metavar="SEEDS", help="Seeds that every sweep point, or finalist, is to have: 3,4,5."),
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="So many more trials of a search.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a job with more seeds, or a search with more trials, also after it has ended."""
    if (seeds is None) == (trials is None):
        raise typer.BadParameter("give either --seeds or --trials")
    wanted = None if seeds is None else seeds_in(seeds)
    with connected(context) as client:
        answer = client.extend(job, wanted, trials=trials)
    if as_json:
        say_json(answer)
    else:
        typer.echo(f"{answer.id}: {answer.state}, {answer.runs_total} runs")


def seeds_in(text: str) -> list[int]:
    """The seeds of a list with commas.

    Raises:
        typer.BadParameter: it is none.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
        raise typer.BadParameter(f"{text!r} is not a list of whole numbers from 0, such as 3,4,5")
    return [int(part) for part in parts]


def edit(
    context: typer.Context,
    job: Annotated[str, typer.Argument(help="A job: id, beginning, name, last.")],
    name: Annotated[str | None, typer.Option(help="Its new name.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Its tags, in the place of those before. Repeatable.")] = None,
    notes: Annotated[str | None, typer.Option(help="Its notes, in the place of those before.")] = None,
    archive: Annotated[
        bool | None, typer.Option("--archive/--unarchive", help="Leave it out of the list of jobs, or take it back.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change a job's name, tags or notes, or archive it."""
    with connected(context) as client:
        answer = client.edit(job, name=name, tags=tag, notes=notes, archived=archive)
    if as_json:
        say_json(answer)
    else:
        typer.echo(f"{answer.id} is changed.")


def delete(
    context: typer.Context,
    job: Annotated[str, typer.Argument(help="An ended job: id, beginning, name, last.")],
    as_json: AsJson = False,
) -> None:
    """Delete a job that has ended, with its metrics and checkpoints."""
    with connected(context) as client:
        job_id = client.find_job(job)
        client.delete(job_id)
    if as_json:
        say_json({"deleted": job_id})
    else:
        typer.echo(f"{job_id} is deleted.")


def either(resource: str, of_job: Callable[[str], Job], of_run: Callable[[str], Run]) -> Job | Run:
    """The answer of the job of an identifier, or, where there is no such job, of its run."""
    try:
        return of_job(resource)
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise
    try:
        return of_run(resource)
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise
        raise ApiError(NOT_FOUND, error.title, detail=f"there is no job or run {resource}; see `lpl list`") from error


def say_requested(answer: Job | Run, *, as_json: bool) -> None:
    """Print what is under way."""
    if as_json:
        say_json(answer)
    else:
        requested = f", {answer.requested} requested" if answer.requested else ""
        typer.echo(f"{answer.id}: {answer.state}{requested}")


def say_run(run: Run) -> None:
    """Print a run."""
    requested = f" ({run.requested} requested)" if run.requested else ""
    rows: list[list[Any]] = [
        ["run", run.id],
        ["job", run.job],
        ["what", run_label(run)],
        ["state", f"{run.state}{requested}"],
        ["reason", run.reason],
        ["message", run.message],
        ["epoch", f"{run.epoch}/{run.epochs}"],
        ["attempt", run.attempt],
        ["retry of", run.retry_of],
        ["worker", run.worker],
        ["device", run.device],
        ["started", run.started_at],
        ["finished", run.finished_at],
    ]
    say_table(["", ""], [row for row in rows if row[1] is not None])


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_jobs)
    for command in (show, edit, cancel, pause, resume, retry, extend, delete):
        app.command(command.__name__)(command)
