"""The `lpl` command line."""

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from typer.main import get_command

from client.complaints import complain, complain_as_json, say
from client.entry_points import CommandError, add_commands
from client.errors import ApiError, DownloadError, Interrupted, ServiceUnreachable, SpecFileError
from client.late_commands import LateGroup, add_late_commands

INTERRUPTED = 130


def make_app() -> typer.Typer:
    """The commands of this package and those of the others, none loaded yet."""
    app = typer.Typer(name="lpl", cls=LateGroup, no_args_is_help=True, add_completion=True)
    app.callback()(options)
    add_late_commands(app)
    add_commands(app)
    return app


def say_version(wanted: bool) -> None:
    """Print the version and end."""
    if not wanted:
        return
    try:
        typer.echo(f"lpl {version('lpl-service')}")
    except PackageNotFoundError:
        typer.echo("lpl (not installed)")
    raise typer.Exit


def options(
    url: Annotated[
        str | None, typer.Option(metavar="URL", envvar="LPL_URL", help="Address of the service.", show_default=False)
    ] = None,
    show_version: Annotated[
        bool, typer.Option("--version", callback=say_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Training jobs for class-imbalanced classification.

    The service is looked for at http://127.0.0.1:8000; --url or LPL_URL name another one. The API key, where one is
    needed, comes from LPL_API_KEY or from the file that LPL_API_KEY_FILE names.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process: status 0 on success, 1 on errors, 2 on wrong usage."""
    sys.exit(status(sys.argv[1:] if arguments is None else arguments))


def status(arguments: Sequence[str]) -> int:
    """Run a command; its exit status. Errors are lines on standard error, never a stack trace."""
    try:
        answer: Any = get_command(make_app()).main(list(arguments), prog_name="lpl", standalone_mode=False)
        return ended(answer)
    except SystemExit as error:
        return exit_code(error)
    except ApiError as error:
        complain_of(error, arguments)
    except BrokenPipeError:
        # The reader has gone; Python would complain about it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Interrupted as error:
        say(str(error))
        return INTERRUPTED
    except (KeyboardInterrupt, typer.Abort):
        return ended(INTERRUPTED)
    except (ServiceUnreachable, SpecFileError, DownloadError, CommandError, ValueError, OSError, TimeoutError) as error:
        complain_of(error, arguments)
    except Exception as error:
        return unexpected(error, arguments)
    return 1


def complain_of(error: Exception, arguments: Sequence[str]) -> None:
    """Print an error: lines, or an object where the command was to print JSON."""
    if "--json" not in arguments:
        complain(error.lines if isinstance(error, ApiError) else [str(error)])
    elif isinstance(error, ApiError):
        wrong = [asdict(each) for each in error.errors]
        complain_as_json(error.title, [error.detail or error.lines[0]], status=error.status, errors=wrong)
    else:
        complain_as_json(type(error).__name__, [str(error)])


def ended(answer: Any) -> int:
    """The status of what a command returned, which Typer makes of an interruption too."""
    if answer == INTERRUPTED:
        say("interrupted")
    return answer if isinstance(answer, int) else 0


def exit_code(error: SystemExit) -> int:
    """The status of a `sys.exit`; a message goes to standard error."""
    if error.code is None or isinstance(error.code, int):
        return error.code or 0
    complain([str(error.code)])
    return 1


def unexpected(error: Exception, arguments: Sequence[str]) -> int:
    """Status for an error in the usage, whose class differs between versions of Typer, or for a fault of ours."""
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        context = getattr(error, "ctx", None)
        hint = f" (see {context.command_path} --help)" if context is not None else ""
        message = error.format_message()
        if message:  # none where the help was printed in its place
            complain_of(CommandError(f"{message.rstrip('.')}{hint}"), arguments)
        return int(error.exit_code)
    if os.environ.get("LPL_LOG_LEVEL") == "debug":
        raise error
    complain_of(CommandError(f"{type(error).__name__}: {error} (LPL_LOG_LEVEL=debug shows where)"), arguments)
    return 1


if __name__ == "__main__":
    main()
