"""A trainer started by exec: a Python of its own, which imports everything anew."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence

from worker.process import ChildEnds, Start, kill_group
from worker.surroundings import EVENT_FD, surroundings


class Executed:
    """A process that this one started and reaps."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process, self._reaping = process, threading.Lock()
        self.pid = process.pid

    def terminate(self) -> None:
        """Ask it to write a checkpoint and stop."""
        with self._reaping:
            if self._process.returncode is None:
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it and everything it started, at once."""
        with self._reaping:
            if self._process.returncode is None:  # not reaped, so the id is still its own
                kill_group(self.pid)

    def ended(self) -> bool:
        """Whether it has ended, though what it started may live; its id stays taken where the system allows that."""
        with self._reaping:
            if self._process.returncode is not None:
                return True
            if not hasattr(os, "waitid"):  # macOS before Python 3.13
                return self._process.poll() is not None
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None

    def reap(self) -> int:
        """See that nothing of its group is left; its exit status."""
        with self._reaping:
            kill_group(self.pid)
            return self._process.wait()


def executed(command: Sequence[str], *, environment: Mapping[str, str]) -> Start:
    """Start a program, with `environment` beside this process's; no secret of this process reaches it."""

    def start(ends: ChildEnds) -> Executed:
        process = subprocess.Popen(
            list(command),
            stdin=ends.stdin,
            stdout=ends.output,
            stderr=subprocess.STDOUT,
            env={**surroundings(), **environment, EVENT_FD: str(ends.events)},
            pass_fds=[ends.events],
            start_new_session=True,
        )
        return Executed(process)

    return start
