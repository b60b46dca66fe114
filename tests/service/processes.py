"""Real service processes for tests: started, watched, killed, and looked for afterwards."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx

from api.process.broker import die_with_parent

T = TypeVar("T")
LPL = (sys.executable, "-P", "-m", "client")
QUICK = {
    "LPL_LEASE_SECONDS": "4",
    "LPL_SWEEP_SECONDS": "0.5",
    "LPL_GRACE_SECONDS": "20",
    "OMP_NUM_THREADS": "1",  # several threads that wait for each other crawl on a machine that does other things too
}
SPEC: dict[str, Any] = {
    "dataset": {"name": "digits", "imbalance_factor": 20},
    "model": "mlp",
    "method": "lpl",
    "epochs": 2,
    "batch_size": 128,
    "seeds": [0],
    "checkpoints": {"every_epochs": 2},
}


class Process:
    """A started process with its output in a file."""

    def __init__(self, arguments: list[str], *, log_path: Path, environment: Mapping[str, str]) -> None:
        self._log_path = log_path
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LPL_")}
        with log_path.open("wb") as output:
            self._process = subprocess.Popen(
                [*LPL, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**clean, **environment},
                start_new_session=True,
                preexec_fn=die_with_parent if sys.platform == "linux" else None,  # also where pytest is killed
            )

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self._log_path.read_text()

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def wait(self, timeout: float = 120) -> int:
        """Wait for its end; returns the exit status."""
        return self._process.wait(timeout)

    def end(self) -> None:
        """End it and all it started, however it stands."""
        family = [self.pid, *descendants(self.pid)]
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(30)
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()


class Service(Process):
    """A process that serves the API."""

    data_dir: Path

    def __init__(self, arguments: list[str], *, log_path: Path, environment: Mapping[str, str]) -> None:
        super().__init__(arguments, log_path=log_path, environment=environment)
        try:
            # A connection for each request: an idle one may be closed in the moment in which it is used again.
            limits = httpx.Limits(max_keepalive_connections=0)
            self.http = httpx.Client(base_url=self._address(), timeout=30, trust_env=False, limits=limits, verify=False)
            until(self._ready, bool, timeout=60)
        except BaseException:
            self.end()
            raise

    def _address(self) -> str:
        pattern = re.compile(r"serving on (http://\S+)")
        said = until(lambda: pattern.search(self.output) or self._process.poll() is not None, bool, timeout=60)
        assert isinstance(said, re.Match), self.output
        return str(said.group(1))

    def _ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return self.http.get("/readyz").status_code == 200
        return False

    def get(self, path: str) -> Any:
        """The JSON answer."""
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def submit(self, **changes: Any) -> list[str]:
        """Submit an experiment; returns the ids of its runs."""
        answer = self.http.post("/v1/jobs", json=SPEC | changes)
        assert answer.status_code == 201, answer.text
        return [run["id"] for run in answer.json()["runs"]]

    def ask(self, run_id: str, action: str) -> None:
        """Request an action of a run."""
        assert self.http.post(f"/v1/runs/{run_id}/{action}").status_code == 202

    def run_once(
        self, run_id: str, reached: Callable[[dict[str, Any]], object], timeout: float = 120
    ) -> dict[str, Any]:
        """The run as soon as it is as wanted."""
        found: dict[str, Any] = until(lambda: self.get(f"/v1/runs/{run_id}"), reached, timeout=timeout)
        return found

    def ended(self, run_id: str, timeout: float = 120) -> dict[str, Any]:
        """The run when it has ended."""
        return self.run_once(run_id, lambda run: run["state"] in ("succeeded", "failed", "cancelled"), timeout)

    def succeeded(self, run_id: str, timeout: float = 120) -> dict[str, Any]:
        """The run when it has succeeded."""
        run = self.ended(run_id, timeout)
        assert run["state"] == "succeeded", (run, self.output)
        return run

    def results(self, run_id: str) -> dict[str, Any]:
        """All that must not depend on what happened on the way: metrics but for measured times, arrays, weights."""
        metrics = self.get(f"/v1/runs/{run_id}/metrics")["metrics"]
        metrics.pop("train/examples_per_second", None)
        variations = self.get(f"/v1/runs/{run_id}/loss-variations")
        last = self.get(f"/v1/runs/{run_id}/checkpoints")["items"][-1]
        return {"metrics": metrics, "variations": variations, "weights": (last["epoch"], last["sha256"])}


@contextlib.contextmanager
def serving(data_dir: Path, *arguments: str, **environment: str) -> Iterator[Service]:
    """`lpl serve` on a free port unless LPL_PORT is given, ended afterwards with all it started."""
    log_path = data_dir.parent / f"serve-{time.monotonic_ns()}.log"
    wanted = [] if "LPL_PORT" in environment else ["--port", "0"]
    given = ["serve", *wanted, "--data-dir", str(data_dir), *arguments]
    service = Service(given, log_path=log_path, environment=QUICK | environment)
    service.data_dir = data_dir
    try:
        yield service
    finally:
        service.http.close()
        service.end()


def until(look: Callable[[], T], reached: Callable[[T], object], *, timeout: float) -> T:
    """What `look` gives as soon as it is as wanted."""
    deadline = time.monotonic() + timeout
    while not reached(found := look()):
        assert time.monotonic() < deadline, f"waited {timeout} s in vain; last seen: {found}"
        time.sleep(0.1)
    return found


def descendants(pid: int) -> list[int]:
    """All processes that a process started, and those that they started."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    found, layer = [], [pid]
    while layer:
        layer = [child for child, parent in parents.items() if parent in layer]
        found += layer
    return found


def title(pid: int) -> str:
    """What the process list shows for it; empty where it has ended."""
    asked = ["ps", "-ww", "-o", "stat=,args=", "-p", str(pid)]
    shown = subprocess.run(asked, capture_output=True, text=True, check=False)
    return "" if shown.stdout.startswith("Z") else shown.stdout.strip()


def find(root: int, part: str) -> int | None:
    """A descendant whose title holds a text."""
    return next((pid for pid in descendants(root) if part in title(pid)), None)


def gone(pids: list[int], *, timeout: float) -> None:
    """Wait until none of these processes lives."""
    until(lambda: [title(pid) for pid in pids if title(pid)], lambda left: not left, timeout=timeout)


def told_to_end(pid: int) -> None:
    """Wait until a frozen process has a SIGTERM to take: one that went on sooner might be done before it comes."""
    if sys.platform == "linux":
        until(lambda: signal.SIGTERM in pending(pid), bool, timeout=60)


def pending(pid: int) -> list[signal.Signals]:
    """The signals that a process has still to take."""
    status = Path(f"/proc/{pid}/status").read_text()
    masks = [int(mask, 16) for mask in re.findall(r"(?:SigPnd|ShdPnd):\s*(\w+)", status)]
    return [number for number in signal.Signals if any(mask >> (number - 1) & 1 for mask in masks)]


def refused(tmp_path: Path, *arguments: str, **environment: str) -> str:
    """The one line that a service says which does not start."""
    process = Process([*arguments], log_path=tmp_path / "log", environment=environment)
    try:
        assert process.wait() == 1, process.output
    finally:
        process.end()
    lines = process.output.strip().splitlines()
    assert len(lines) == 1, process.output
    return lines[0]


def trainer_of(service: Service, run_id: str) -> int:
    """The trainer's process id."""
    return int(until(lambda: find(service.pid, f"train {run_id}") or 0, bool, timeout=30))


def frozen_halfway(service: Service, run_id: str) -> int:
    """The trainer's process id, stopped where the run has a checkpoint and more to come."""
    trainer = trainer_of(service, run_id)
    run = service.run_once(run_id, lambda run: run["epoch"] >= 3)
    os.kill(trainer, signal.SIGSTOP)
    assert run["state"] == "running", "the run was too quick for this test"
    return trainer
