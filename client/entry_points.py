"""Commands of other packages, loaded when they are called: `lpl list` loads neither torch nor SQLAlchemy."""

import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.main import get_command

GROUP = "lpl.commands"
# What the list of commands says, so that listing them loads none of them.
ABOUT = {
    "serve": "Run everything here: API, dashboard, broker, one worker.",
    "api": "Run the API alone.",
    "worker": "Run a worker alone.",
    "db": "Bring the database's schema up to date, or show its revision.",
    "key": "Make, list and revoke API keys.",
    "settings": "List all settings and their values.",
}
PANEL = "Service"


class CommandError(Exception):
    """A command that cannot be loaded."""


def add_commands(app: typer.Typer) -> None:
    """Add a command for every entry point; its package is not loaded yet."""
    for entry in sorted(entry_points(group=GROUP), key=order):
        app.command(
            entry.name,
            help=ABOUT.get(entry.name, f"From {entry.value.partition(':')[0]}."),
            rich_help_panel=PANEL,
            add_help_option=False,  # the loaded command has its own
            context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
        )(runner(entry))


def order(entry: EntryPoint) -> tuple[int, str]:
    """Known commands first, in the order of `ABOUT`."""
    order = list(ABOUT)
    return (order.index(entry.name) if entry.name in order else len(order), entry.name)


def runner(entry: EntryPoint) -> Any:
    """The function behind a command: loads the real one and hands it the arguments."""

    def run(context: typer.Context) -> None:
        status = loaded(entry).main(context.args, prog_name=context.command_path, standalone_mode=False)
        if isinstance(status, int) and status:
            sys.exit(status)

    return run


def loaded(entry: EntryPoint) -> Any:
    """The command of an entry point: a Typer app, or a function in Typer's style.

    Raises:
        CommandError: its package, or something that needs, is not installed.
    """
    try:
        target = entry.load()
    except ModuleNotFoundError as error:
        needs = f"`lpl {entry.name}` needs {error.name}, which is not installed"
        raise CommandError(f"{needs}; pip install 'lpl-service[service]'") from error
    if not isinstance(target, typer.Typer):
        app = typer.Typer(add_completion=False)
        app.command(entry.name)(target)
        target = app
    target._add_completion = False  # the root completes; a script for `lpl db` alone would not work
    return get_command(target)
