"""Runs that one process trains, each under a supervisor of its own, which takes its seat for the worker's trainers.

The process starts once every run has said what it is to train, or has ended before that. What the process tells goes to
the run that it names, or to all. It ends for all: where it dies, or one run must be killed, the others go on alone.
"""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from worker.process import TrainerProcess, log_event
from worker.trainers import Trainers

Payload = Mapping[str, Any]
ENDED_FOR_ANOTHER = "another run of this process is to end and does not: the process is ended for all"


class Member:
    """A run in its pack's process, as its supervisor sees it: a `worker.supervisor.Trainer`.

    Attributes:
        over: whether nothing more comes of it.
    """

    def __init__(self, number: int, pack: "Pack", process: TrainerProcess) -> None:
        self._number, self._pack, self._process = number, pack, process
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._status: int | None = None
        self.over = False

    def take(self, event: dict[str, Any]) -> None:
        """Take in an event of the run; after its end there is none."""
        if self.over:
            return
        self._events.put(event)
        if event.get("type") == "run_end":
            self._close()

    def process_ended(self, status: int | None) -> None:
        """Take in how the process ended; None where nobody can tell."""
        self._status = status
        self._close()

    def next_event(self) -> dict[str, Any] | None:
        """The next event, waited for; None after the last."""
        return self._events.get()

    def terminate(self) -> None:
        """Ask it to write a checkpoint and stop."""
        self._process.tell({"stop": self._number})

    def kill(self) -> None:
        """End the process with all its runs, unless this one is over."""
        if not self.over:
            self._pack.kill(self, self._process)

    def ended(self) -> bool:
        """Whether it is over or cannot go on, though what the process started may live."""
        return self.over or self._process.ended()

    def wait(self) -> int | None:
        """The exit status of the process, for a run whose end it was; None where nobody can tell."""
        return self._status

    def _close(self) -> None:
        if not self.over:
            self.over = True
            self._events.put(None)


class Seat:
    """A run's place in a pack, as its supervisor sees it: a `worker.supervisor.Starter`."""

    def __init__(self, trainers: Trainers) -> None:
        self._trainers = trainers
        self.payload: Future[Payload | None] = Future()
        self.member: Future[Member] = Future()

    def start(self, run_id: str, payload: Payload, *, environment: Mapping[str, str]) -> Member:
        """The run in the process of all, once that has started; the environment is that of the pack.

        Raises:
            OSError: it cannot be started.
        """
        self.payload.set_result(payload)
        return self.member.result()

    def distrust(self, run_id: str) -> None:
        """Start this run by itself from now on: the host ended while it was trained."""
        self._trainers.distrust(run_id)

    def leave(self) -> None:
        """The run is over; the others need not wait for it."""
        if not self.payload.done():
            self.payload.set_result(None)


class Pack:
    """Trains several runs in one process, with this environment."""

    def __init__(self, trainers: Trainers, *, environment: Mapping[str, str]) -> None:
        self._trainers, self._environment = trainers, environment
        self._members: list[Member] = []
        self._killed = threading.Event()

    def run(self, supervisors: Sequence[Callable[[Seat], None]]) -> None:
        """Train until the last run is over; each supervisor has a thread of its own."""
        seats = [Seat(self._trainers) for _ in supervisors]
        threads = [
            threading.Thread(target=seated, args=pair, name="supervisor", daemon=True)
            for pair in zip(supervisors, seats, strict=True)
        ]
        for thread in threads:
            thread.start()
        joined = [(seat, payload) for seat in seats if (payload := seat.payload.result()) is not None]
        if joined:
            self._train(joined)
        for thread in threads:
            thread.join()

    def kill(self, member: Member, process: TrainerProcess) -> None:
        """End the process; the runs beside that for which it must be are told once."""
        if not self._killed.is_set() and not process.ended():
            self._killed.set()
            for other in self._members:
                if other is not member:
                    other.take(log_event("warning", ENDED_FOR_ANOTHER))
        process.kill()

    def _train(self, joined: Sequence[tuple[Seat, Payload]]) -> None:
        """Start the process, and pass on what it tells until no run needs it any more."""
        run_ids = " ".join(str(payload["run_id"]) for _, payload in joined)
        whole = {"run_id": run_ids, "members": [payload for _, payload in joined]}
        try:
            process = self._trainers.start(run_ids, whole, environment=self._environment)
        except Exception as error:
            for seat, _ in joined:
                seat.member.set_exception(error)
            return
        self._members = [Member(number, self, process) for number in range(len(joined))]
        for (seat, _), member in zip(joined, self._members, strict=True):
            seat.member.set_result(member)
        while not all(member.over for member in self._members) and (event := process.next_event()) is not None:
            self._pass_on(event)
        status = process.wait()
        for member in self._members:
            member.process_ended(status)

    def _pass_on(self, event: dict[str, Any]) -> None:
        """Give an event to the run that it names, else to all."""
        number = event.pop("member", None)
        for member in self._members[number : number + 1] if isinstance(number, int) else self._members:
            member.take(event)


def seated(supervise: Callable[[Seat], None], seat: Seat) -> None:
    """Supervise a run, and leave its seat in the end."""
    try:
        supervise(seat)
    finally:
        seat.leave()
