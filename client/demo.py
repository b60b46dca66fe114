"""`make demo`: serve, train a real experiment, show the result."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from client.answers import Job
from client.client import Client
from client.commands.submitting import failures
from client.complaints import complain
from client.errors import ApiError
from client.service import Service, ServiceFailed
from client.tables import say_results

PRESET = "digits_long_tail"
INTERRUPTED = 130
DEFAULT_PORT = 8000
WATCH_RETRY_SECONDS = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration.

    Returns:
        0 where every run succeeded, 1 where one did not or the service did not come up, 130 where it was interrupted.
    """
    parser = argparse.ArgumentParser(prog="make demo ARGS=...", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="end after the result instead of serving on")
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # as Ctrl-C, so that the service is ended too
    try:
        return demonstrate(stay=not options.exit)
    except KeyboardInterrupt:
        complain(["interrupted; the service has ended"])
        return INTERRUPTED
    except ApiError as error:
        complain(error.lines)
    except ServiceFailed as error:
        print(f"error: {error}", file=sys.stderr)
    except (OSError, ValueError) as error:
        complain([str(error)])
    return 1


def demonstrate(*, stay: bool) -> int:
    """Serve, submit, watch, show; the exit status."""
    data_dir = Path(os.environ.get("LPL_DATA_DIR") or "lpl-data").absolute()
    with Service(data_dir=data_dir) as service:
        print(f"Starting the service (data and log in {data_dir})...", flush=True)
        url = service.ready_url()
        say_if_moved(url)
        with Client(url, retry_seconds=WATCH_RETRY_SECONDS) as client:
            job = client.submit({"preset": PRESET})
            print(f"Submitted {job.name}: {job.runs_total} runs. Dashboard: {url}/", flush=True)
            job = client.watch(job)
            show(client, job)
        if stay:
            serve_on(service, url)
    return 0 if job.state == "succeeded" else 1


def say_if_moved(url: str) -> None:
    """Say so where the service had to take another port than its default."""
    if not os.environ.get("LPL_PORT") and not url.endswith(f":{DEFAULT_PORT}"):
        print(f"Port {DEFAULT_PORT} is taken; the service is at {url}", flush=True)


def show(client: Client, job: Job) -> None:
    """Print the result table and what failed."""
    print("\nError on the balanced test set, mean ± standard deviation over seeds:\n")
    say_results(job)
    complain(failures(client, job))
    print(f"\nDashboard: {client.url}/", flush=True)


def serve_on(service: Service, url: str) -> None:
    """Serve until somebody ends it.

    Raises:
        ServiceFailed: it ended by itself.
    """
    print(f"Serving until Ctrl-C. In another terminal: export LPL_URL={url}; .venv/bin/lpl list", flush=True)
    try:
        status = service.wait()
    except KeyboardInterrupt:
        print("\nEnding the service...", flush=True)
        return
    raise ServiceFailed(f"the service ended with status {status}; see {service.log}")


if __name__ == "__main__":
    sys.exit(main())
