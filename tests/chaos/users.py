"""Users of a service under chaos: they submit until accepted, ask for things, and follow what happens."""

import contextlib
import random
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx

from client.streams import parse

PATIENCE_SECONDS = 300.0
REFUSALS = (409, 503)
ACTIONS = ("cancel", "pause", "resume", "resume", "retry")


class Users:
    """Everybody who talks to the service; what must not be answered is kept in `findings`."""

    def __init__(self, port: int) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15, trust_env=False)
        self._pool = ThreadPoolExecutor(8)
        self._sent: list[Future[None]] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.accepted: dict[str, set[str]] = defaultdict(set)
        self.asked: dict[str, set[str]] = defaultdict(set)
        self.answers: Counter[str] = Counter()
        self.findings: list[str] = []

    def submit(self, key: str, spec: dict[str, Any], *, times: int = 1) -> None:
        """Post a job in the background, under one key however often, until it is accepted."""
        self._sent += [self._pool.submit(self._submit, key, spec) for _ in range(times)]

    def act(self, rng: random.Random) -> None:
        """Ask in the background for something of some job's run."""
        with self._lock:
            jobs = sorted(job for made in self.accepted.values() for job in made)
        if jobs:
            self._sent.append(self._pool.submit(self._act, rng.choice(jobs), rng.choice(ACTIONS)))

    def settle(self) -> None:
        """Wait until everything sent has been answered."""
        for sent in self._sent:
            sent.result(PATIENCE_SECONDS)

    def resume(self, run_ids: list[str]) -> None:
        """Let paused runs go on."""
        for run_id in run_ids:
            self._ask("POST", f"/v1/runs/{run_id}/resume")

    def wait_ready(self) -> None:
        """Until the service answers."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (answer := self._ask("GET", "/readyz")) is None or answer.status_code != 200:
            assert time.monotonic() < deadline, "the service does not come back"
            time.sleep(0.2)

    def close(self) -> None:
        """End."""
        self._closing.set()
        self._pool.shutdown(cancel_futures=True)
        self._http.close()

    def _submit(self, key: str, spec: dict[str, Any]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self._ask("POST", "/v1/jobs", json=spec, headers={"Idempotency-Key": key})
            if answer is not None and answer.status_code == 201:
                with self._lock:
                    self.accepted[key].add(answer.json()["id"])
                return
            if time.monotonic() > deadline:
                self.findings.append(f"{key} was never accepted")
                return
            if self._closing.wait(0.3):
                return

    def _act(self, job: str, action: str) -> None:
        listed = self._ask("GET", f"/v1/jobs/{job}/runs")
        if listed is not None and listed.status_code == 200:
            run = listed.json()["items"][-1]
            with self._lock:
                self.asked[run["id"]].add(action)  # before: a lost answer does not mean that nothing was done
            self._ask("POST", f"/v1/runs/{run['id']}/{action}")

    def _ask(self, method: str, path: str, **given: Any) -> httpx.Response | None:
        """The answer, None where there was none; each kind is counted."""
        try:
            answer = self._http.request(method, path, **given)
        except httpx.TransportError as error:
            with self._lock:
                self.answers[type(error).__name__] += 1
            return None
        with self._lock:
            self.answers[str(answer.status_code)] += 1
            if not answer.is_success and answer.status_code not in REFUSALS:
                self.findings.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer


class Follower(threading.Thread):
    """Follows all events over broken connections; `seen` holds their ids in the order of arrival."""

    def __init__(self, port: int, *, after: int) -> None:
        super().__init__(daemon=True)
        self._url = f"http://127.0.0.1:{port}/v1/events"
        self._ended = threading.Event()
        self.after = self._last = after
        self.seen: list[int] = []
        self.connections = 0

    def run(self) -> None:
        """Follow until told to end."""
        with httpx.Client(timeout=5, trust_env=False) as http:
            while not self._ended.is_set():
                with contextlib.suppress(httpx.TransportError):
                    self._read(http)
                self._ended.wait(0.2)

    def end(self) -> None:
        """Follow no longer."""
        self._ended.set()

    def _read(self, http: httpx.Client) -> None:
        with http.stream("GET", self._url, headers={"Last-Event-ID": str(self._last)}) as response:
            if response.status_code != 200:
                return
            self.connections += 1
            for event in parse(response.iter_lines()):
                if event.id:
                    self._last = int(event.id)
                    self.seen.append(self._last)
                if self._ended.is_set():
                    return
