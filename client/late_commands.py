"""The commands of this package, loaded when they are called: `lpl --help` loads neither the client nor its answers."""

import importlib
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

# What the list of commands says, so that listing them loads none of them.
ABOUT = {
    "starting": {
        "start": "Train on your own data: take it in, show what would run, submit, watch, print the result.",
        "open": "Open the dashboard, or the page of a job or a run, in the browser, and print its address.",
    },
    "submitting": {
        "submit": "Submit an experiment.",
        "validate": "Show what a spec would run; starts nothing.",
        "watch": "Follow a job to its end; status 0 only if every run succeeded.",
    },
    "jobs": {
        "list": "List jobs, newest first.",
        "show": "Show a job with its results and runs, or a run.",
        "edit": "Change a job's name, tags or notes, or archive it.",
        "cancel": "Cancel a job or a run; what it has recorded stays.",
        "pause": "Let a job or a run wait, from a checkpoint.",
        "resume": "Let a paused job or run go on.",
        "retry": "Run a job's failed and cancelled runs, or one of them, again.",
        "extend": "Run a job with more seeds, or a search with more trials, also after it has ended.",
        "delete": "Delete a job that has ended, with its metrics and checkpoints.",
    },
    "results": {
        "metrics": "Show a run's learning curves, or its last figures per class.",
        "download": "Download a run's checkpoint; its SHA-256 is checked.",
        "logs": "Show a run's log.",
    },
    "predicting": {
        "predict": "Predict images, or rows of an .npz or .csv, with a run's network.",
    },
    "comparing": {
        "compare": "Compare jobs and runs: what differs, results, differences by seed.",
        "export": "Print a job's result table; write curves for TensorBoard, or a run's network (--format).",
    },
    "reporting": {
        "report": "Show what a run, or the runs of a job, have measured of each class.",
    },
    "inventory": {
        "catalog": "Show what a spec can be made of.",
        "workers": "List the workers and what they train.",
        "drain": "Let a worker take nothing new, or --resume it.",
        "queue": "Show the queue in numbers, and the runs that come next.",
    },
    "studies": {
        "studies": "List studies, newest first.",
        "study": "A table by one request, `lpl study PRESET`; watch, show, table, cancel, retry, delete and others.",
    },
    "datasets": {
        "dataset": "Data sets: add, list, show, delete.",
    },
    "webhooks": {
        "webhook": "Webhooks: add, list, rm, test, deliveries.",
    },
}
GROUPS = ("dataset", "study", "webhook")
"""Those that have commands of their own; they are listed last."""
MODULES = {name: module for module, commands in ABOUT.items() for name in commands}


class LateGroup(TyperGroup):
    """The root: puts the real command in the place of the listed one as soon as one is asked for by its name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of the first argument; also where the shell completes what follows it."""
        if args and args[0] in MODULES:
            self.commands[args[0]] = real_commands(MODULES[args[0]])[args[0]]
        return super().resolve_command(ctx, args)


def real_commands(module: str) -> dict[str, Any]:
    """The commands of a module of `client.commands`."""
    app = typer.Typer(add_completion=False)
    app.callback()(not_loaded)  # makes a group of a single command too
    importlib.import_module(f"client.commands.{module}").add_to(app)
    commands: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]  # it is a group
    return commands


def add_late_commands(app: typer.Typer) -> None:
    """Add the names of the commands and what they do."""
    for commands in ABOUT.values():
        for name, about in commands.items():
            if name in GROUPS:
                app.add_typer(typer.Typer(help=about), name=name)
            else:
                app.command(name, help=about)(not_loaded)


def not_loaded() -> None:
    """Stands for a command in the list of commands."""
