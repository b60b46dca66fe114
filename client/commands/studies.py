"""`lpl study`, `studies`."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from client.client import Client
from client.commands.comparing import Csv, Latex, Markdown, Output, chosen, say_text
from client.connection import connected
from client.errors import Interrupted
from client.output import AsJson, say_json, say_table
from client.studies import Study, StudyItem, table_rows
from client.words import shown

ABOUT = "A table by one request, `lpl study PRESET`; watch, show, table, cancel, retry, delete and others."
Id = Annotated[str, typer.Argument(metavar="ID", help="Study: its id, the beginning of it, its name, last.")]
SUBMIT = "submit"


class StudyGroup(TyperGroup):
    """Takes a word that is no command for the preset of a study to submit."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is meant."""
        known = not args or args[0] in self.commands or args[0].startswith("-")
        return super().resolve_command(ctx, args if known else [SUBMIT, *args])


study = typer.Typer(help=ABOUT, no_args_is_help=True, cls=StudyGroup)


@study.command(SUBMIT)
def submit(
    context: typer.Context,
    preset: Annotated[str | None, typer.Argument(help="table1 ... table10, fig1, best_method...")] = None,
    scale: Annotated[str | None, typer.Option(help="full, or cpu: made small, within minutes.")] = None,
    dataset: Annotated[str | None, typer.Option(help="best_method: the data set.")] = None,
    runs: Annotated[int | None, typer.Option(min=1, help="best_method: at most so many runs.")] = None,
    hours: Annotated[float | None, typer.Option(min=0, help="best_method: about so long.")] = None,
    job: Annotated[
        list[str] | None,
        typer.Option(metavar="SPEC", help="In place of a preset: a spec file. Repeatable; give a --name."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    watch_it: Annotated[bool, typer.Option("--watch", "-w", help="Follow it; status 0 if every run succeeds.")] = False,
    as_json: AsJson = False,
) -> None:
    """Submit a study; `lpl study PRESET` is the same."""
    budget = {key: value for key, value in (("runs", runs), ("hours", hours)) if value is not None}
    asked: dict[str, Any] = {"scale": scale, "dataset": dataset, "budget": budget or None}
    with connected(context, patient=watch_it) as client:
        made = client.study(preset, name=name, jobs=job or (), **asked)
        if watch_it:
            if not as_json:
                typer.echo(f"Submitted {made.id}: {jobs_in(made)}.")
            follow(client, made.id, as_json=as_json)
        elif as_json:
            say_json(made)
        else:
            typer.echo(f"{made.id}  {jobs_in(made)}; follow with: lpl study watch {made.id}")


@study.command("watch")
def watch(context: typer.Context, study_id: Id, as_json: AsJson = False) -> None:
    """Follow a study to its end; status 0 only if every run succeeded."""
    with connected(context, patient=True) as client:
        follow(client, client.get_study(study_id).id, as_json=as_json)


def follow(client: Client, study_id: str, *, as_json: bool) -> None:
    """Watch a study, print its table, end with status 1 unless every run succeeded.

    Raises:
        Interrupted: somebody stopped watching.
    """
    try:
        ended = client.watch_study(study_id, as_json=as_json)
    except KeyboardInterrupt:
        raise Interrupted(f"stopped watching; the study goes on: lpl study watch {study_id}") from None
    if not as_json:
        say_study_table(ended)
    if ended.state != "succeeded":
        raise typer.Exit(1)


@study.command("show")
def show(context: typer.Context, study_id: Id, as_json: AsJson = False) -> None:
    """Show a study: its table so far, its jobs, what it found."""
    with connected(context) as client:
        found = client.get_study(study_id)
    if as_json:
        say_json(found)
        return
    requested = f" ({found.requested} requested)" if found.requested else ""
    rows: list[list[Any]] = [
        ["study", found.id],
        ["name", found.name],
        ["preset", found.preset],
        ["state", f"{found.state}{requested}"],
        ["progress", f"{found.progress:.0%}"],
        ["created", found.created_at],
        ["finished", found.finished_at],
    ]
    say_table(["", ""], [row for row in rows if row[1] is not None])
    typer.echo()
    say_study_table(found)
    typer.echo()
    jobs = [[job.id, job.name, job.state, f"{job.progress:.0%}", job.runs_total] for job in found.jobs]
    say_table(["job", "name", "state", "done", "runs"], jobs, right=[3, 4])


@study.command("table")
def table(
    context: typer.Context,
    study_id: Id,
    latex: Latex = False,
    markdown: Markdown = False,
    csv: Csv = False,
    output: Output = None,
) -> None:
    """Print a study's table, Markdown by default: what is measured beside what is published."""
    form = chosen(latex=latex, markdown=markdown, csv=csv)
    with connected(context) as client:
        say_text(client.study_table(study_id, format=form or "markdown"), output)


@study.command("cancel")
def cancel(context: typer.Context, study_id: Id, as_json: AsJson = False) -> None:
    """Cancel a study's jobs; what they have recorded stays."""
    with connected(context) as client:
        say_steered(client.cancel_study(study_id), as_json=as_json)


@study.command("pause")
def pause(context: typer.Context, study_id: Id, as_json: AsJson = False) -> None:
    """Let a study's jobs wait, from a checkpoint."""
    with connected(context) as client:
        say_steered(client.pause_study(study_id), as_json=as_json)


@study.command("resume")
def resume(context: typer.Context, study_id: Id, as_json: AsJson = False) -> None:
    """Let a paused study go on."""
    with connected(context) as client:
        say_steered(client.resume_study(study_id), as_json=as_json)


@study.command("retry")
def retry(context: typer.Context, study_id: Id, as_json: AsJson = False) -> None:
    """Run the failed and cancelled runs of a study's jobs again."""
    with connected(context) as client:
        say_steered(client.retry_study(study_id), as_json=as_json)


@study.command("delete")
def delete(context: typer.Context, study_id: Id, as_json: AsJson = False) -> None:
    """Delete a study that has ended, with its jobs and all they recorded."""
    with connected(context) as client:
        whole_id = client.get_study(study_id).id
        client.delete_study(whole_id)
    if as_json:
        say_json({"deleted": whole_id})
    else:
        typer.echo(f"{whole_id} is deleted.")


def studies(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="queued, running, paused, succeeded, failed, cancelled.")] = None,
    preset: Annotated[str | None, typer.Option(help="Only studies of this preset.")] = None,
    name: Annotated[str | None, typer.Option(help="Only studies whose name has this in it.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List studies, newest first."""
    with connected(context) as client:
        found: list[StudyItem] = client.studies(state=state, preset=preset, name=name, limit=limit)
    if as_json:
        say_json({"items": found, "next": None})
        return
    rows = [[each.id, each.name, each.preset, each.state, f"{each.progress:.0%}", each.created_at] for each in found]
    say_table(["study", "name", "preset", "state", "done", "created"], rows, right=[4])


def say_study_table(found: Study) -> None:
    """Print a study's table and what it found."""
    if found.answer is not None:
        typer.echo(f"{shown(found.answer.text)}\n")
    rows = table_rows(found)
    if rows:
        say_table(list(rows[0]), [list(row.values()) for row in rows], right=range(1, len(rows[0])))


def say_steered(found: Study, *, as_json: bool) -> None:
    """Print what is under way."""
    if as_json:
        say_json(found)
    else:
        requested = f", {found.requested} requested" if found.requested else ""
        typer.echo(f"{found.id}: {found.state}{requested}")


def jobs_in(made: Study) -> str:
    """How many jobs a study has, in words."""
    return "1 job" if len(made.jobs) == 1 else f"{len(made.jobs)} jobs"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(study, name="study")
    app.command("studies")(studies)
