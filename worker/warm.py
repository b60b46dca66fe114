"""The host of warm trainers as a worker sees it: started, asked to fork, replaced where it is gone or does not fit.

The host (`worker.host`) and a worker speak over a socket pair, one message of JSON a packet: the worker asks for a fork
and sends the trainer's ends of its pipes along, the host answers with a pidfd and later tells the exit status.
"""

import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from worker.process import EXIT_SECONDS, ChildEnds, Start, kill_group
from worker.surroundings import surroundings

HOST = (sys.executable, "-P", "-m", "worker.host")
CONTROL_FD = "LPL_CONTROL_FD"
LOAD_SECONDS = 60.0
"""For the imports, on a slow disk too; a trainer that starts by itself imports the same."""
ANSWER_SECONDS, END_SECONDS = 10.0, 1.0
FAILURES, QUIET_SECONDS = 3, 60.0
"""After so many hosts in a row that were of no use, none is started for a while."""
MESSAGE_BYTES = 1 << 16
STDERR = 2
log = logging.getLogger(__name__)


class HostUnavailable(OSError):
    """No trainer can be forked now."""


class HostRefuses(HostUnavailable):
    """The host is not fit to be forked any more; it ends when the last trainer that it forked does."""


def supported() -> bool:
    """Whether trainers may be forked here: elsewhere libraries do not stand it, or no pidfd tells processes apart."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


class Forked:
    """A trainer that the host forked and reaps."""

    def __init__(self, link: "Link", pid: int, pidfd: int, end: "End") -> None:
        self.pid = pid
        self._link, self._pidfd, self._end = link, pidfd, end
        self._using = threading.Lock()

    def terminate(self) -> None:
        """Ask it to write a checkpoint and stop."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and everything it started, at once.

        The host ends what it started, before it reaps it: afterwards its number can be that of another process. Only
        where the host is gone or frozen, this process does.
        """
        self._signal(signal.SIGKILL)
        self._end.told.wait(EXIT_SECONDS)
        if self._end.status is None and self._pidfd >= 0:
            self._link.close()
            kill_group(self.pid)

    def ended(self) -> bool:
        """Whether it has ended, though what it started may live."""
        with self._using:
            return self._pidfd < 0 or exited(self._pidfd)

    def reap(self) -> int | None:
        """See that nothing of its group is left; its exit status, None where the host ended before it could tell it."""
        self.kill()
        with self._using:
            os.close(self._pidfd)
            self._pidfd = -1
        return self._end.status

    def _signal(self, number: signal.Signals) -> None:
        with self._using, contextlib.suppress(ProcessLookupError):
            if self._pidfd >= 0:
                signal.pidfd_send_signal(self._pidfd, number)


@dataclass
class End:
    """What a host tells of the end of a trainer; of its own end nobody tells anything."""

    told: threading.Event = field(default_factory=threading.Event)
    status: int | None = None


def exited(pidfd: int) -> bool:
    """Whether a process has ended."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


class Link:
    """A host process and the socket to it."""

    def __init__(self, command: Sequence[str]) -> None:
        own, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=STDERR,
                env={**surroundings(), CONTROL_FD: str(its.fileno())},
                pass_fds=[its.fileno()],
                start_new_session=True,
            )
        self._socket, self._asking = own, threading.Lock()
        self._news = threading.Condition()
        self._ready, self._closed = False, False
        self._answer: Forked | str | None = None
        self._ends: dict[int, End] = {}
        threading.Thread(target=self._listen, name="host", daemon=True).start()

    @property
    def pid(self) -> int:
        """The host's process id."""
        return self._process.pid

    @property
    def closed(self) -> bool:
        """Whether the host is gone."""
        return self._closed

    def wait_ready(self, timeout: float) -> bool:
        """Whether it has loaded everything in time."""
        with self._news:
            self._news.wait_for(lambda: self._ready or self._closed, timeout)
            return self._ready and not self._closed

    def fork(self, request: Mapping[str, Any], files: Sequence[int]) -> Forked:
        """A trainer.

        Raises:
            HostRefuses: it is not fit any more.
            HostUnavailable: it is gone or does not answer.
        """
        with self._asking:
            self._answer = None
            try:
                socket.send_fds(self._socket, [json.dumps(request).encode()], list(files))
            except OSError as error:
                raise HostUnavailable(f"the host of warm trainers is gone ({error.strerror})") from error
            with self._news:
                self._news.wait_for(lambda: self._answer or self._closed, ANSWER_SECONDS)
                answer = self._answer
        if answer is None:
            raise HostUnavailable("the host of warm trainers does not answer")
        if isinstance(answer, str):
            raise HostRefuses(f"the host of warm trainers is given up: {answer}")
        return answer

    def close(self) -> None:
        """End the host and all it has forked."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        """Take in what the host says until it is gone."""
        try:
            while True:
                message, files, *_ = socket.recv_fds(self._socket, MESSAGE_BYTES, 1)
                if not message:
                    return
                with self._news:
                    self._take(json.loads(message), files)
                    self._news.notify_all()
        except OSError:
            return
        finally:
            with self._news:
                self._closed = True
                self._news.notify_all()
            for end in self._ends.values():
                end.told.set()
            self._socket.close()
            self._process.wait()

    def _take(self, said: dict[str, Any], files: list[int]) -> None:
        if "ended" in said:
            end = self._ends.pop(said["ended"])
            end.status = said["status"]
            end.told.set()
        elif "forked" in said:
            pid = said["forked"]
            self._ends[pid] = End()
            self._answer = Forked(self, pid, files[0], self._ends[pid])
        elif "refused" in said:
            self._answer = str(said["refused"])
        else:
            self._ready = True


class Host:
    """The host of a worker, for all its slots.

    Args:
        command: the host program.
    """

    def __init__(self, command: Sequence[str] = HOST) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._links: list[Link] = []
        self._fit = False
        self._failures, self._quiet_until = 0, 0.0

    @property
    def pids(self) -> list[int]:
        """Process ids of the present host, and of those before it that still have trainers; the present one is last."""
        return [link.pid for link in self._links if not link.closed]

    def load(self) -> None:
        """Let a host load in the background, so that the first fork finds it ready."""
        with self._lock:
            self._present()

    def fork(self, run_id: str, environment: Mapping[str, str], ends: ChildEnds) -> Forked:
        """A trainer; a host that is of no use is replaced once.

        Raises:
            HostUnavailable: there is no fit host.
        """
        request = {"run_id": run_id, "environment": dict(environment)}
        files = [ends.stdin, ends.output, ends.events]
        with self._lock:
            try:
                return self._fork(request, files)
            except HostUnavailable as error:
                if time.monotonic() < self._quiet_until:
                    raise
                log.warning("%s; another one is started", error)
            return self._fork(request, files)

    def stop(self) -> None:
        """End it and all it has forked; no other is started."""
        with self._lock:
            self._quiet_until = float("inf")
            for link in self._links:
                link.close()

    def _fork(self, request: Mapping[str, Any], files: Sequence[int]) -> Forked:
        link = self._present()
        try:
            if not link.wait_ready(LOAD_SECONDS):
                raise HostUnavailable("the host of warm trainers does not start")
            forked = link.fork(request, files)
        except HostUnavailable as error:
            self._give_up(link, at_once=not isinstance(error, HostRefuses))
            raise
        self._failures = 0
        return forked

    def _present(self) -> Link:
        """The host in use; a new one where there is none."""
        self._links = [link for link in self._links if not link.closed]
        if not self._links:
            self._fit = False
        if not self._fit:
            if time.monotonic() < self._quiet_until:
                raise HostUnavailable("no host of warm trainers is started for a while")
            self._links.append(Link(self._command))
            self._fit = True
        return self._links[-1]

    def _give_up(self, link: Link, *, at_once: bool) -> None:
        """Use a host no more; several in a row that were of no use mean that none is started for a while."""
        self._fit = False
        self._failures += 1
        if at_once:
            link.close()
        if self._failures >= FAILURES:
            self._failures, self._quiet_until = 0, time.monotonic() + QUIET_SECONDS


def forked(host: Host, run_id: str, *, environment: Mapping[str, str]) -> Start:
    """Start a trainer by a fork of the host, with `environment` beside its own."""
    return lambda ends: host.fork(run_id, environment, ends)
