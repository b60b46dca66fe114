"""A process that forks itself into trainers, reaps them, and does nothing else.

A process that has run one parallel operation, or started CUDA, cannot be forked: the child hangs or fails. So it
refuses to fork where it finds a second thread in itself, and where its code is older than the files it was read from.
It alone reaps what it forked, and ends what a trainer leaves in its group while that group's number is still taken.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from setproctitle import setproctitle

from worker.process import kill_group
from worker.surroundings import EVENT_FD, die_with, leave, title
from worker.warm import MESSAGE_BYTES

IDLE_SECONDS = 10.0
STDIN, STDOUT, STDERR = 0, 1, 2
OWN_PACKAGES = ("lplcore", "worker")
Files = Mapping[str, tuple[int, int]]


class ForkServer:
    """Forks trainers as a worker asks it to.

    Args:
        control: the socket to the worker.
        train: what a trainer does with its standard input and its event pipe; returns the exit status.
        idle: called once, when nothing has been asked for a while.
    """

    def __init__(
        self, control: socket.socket, train: Callable[[], int], *, idle: Callable[[], object] | None = None
    ) -> None:
        self._control, self._train, self._idle = control, train, idle
        self._trainers: set[int] = set()
        self._retired = False
        self._woken, waking = os.pipe()
        for end in (self._woken, waking):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._code = source_files()

    def serve(self) -> None:
        """Fork and reap until the worker is gone, or, once it is not fit any more, until the last trainer has ended."""
        self._say({"ready": True})
        while self._trainers or not self._retired:
            patience = IDLE_SECONDS if self._idle else None
            ready, _, _ = select.select([self._control.fileno(), self._woken], [], [], patience)
            if not ready and self._idle:
                self._idle()
                self._idle = None
            if self._woken in ready:
                os.read(self._woken, MESSAGE_BYTES)
                self._reap()
            if self._control.fileno() in ready and not self._take():
                break
        for pid in self._trainers:
            kill_group(pid)

    def _take(self) -> bool:
        """Take in what the worker asks; false where it is gone."""
        try:
            message, files, *_ = socket.recv_fds(self._control, MESSAGE_BYTES, 3)
        except ConnectionError:
            return False
        if not message:
            return False
        try:
            self._answer(json.loads(message), files)
        finally:
            for file in files:
                os.close(file)
        return True

    def _answer(self, request: Mapping[str, Any], files: Sequence[int]) -> None:
        unfit = unfitness(self._code)
        if unfit:
            self._retired = True
            self._say({"refused": unfit})
            return
        host, pid = os.getpid(), os.fork()
        if pid == 0:
            self._become_trainer(host, request, files)
        self._trainers.add(pid)
        pidfd = os.pidfd_open(pid)
        self._say({"forked": pid}, [pidfd])
        os.close(pidfd)

    def _reap(self) -> None:
        """Tell of every trainer that has ended, after what it left in its group."""
        while self._trainers:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if ended is None:
                return
            kill_group(ended.si_pid)
            pid, status = os.waitpid(ended.si_pid, 0)
            self._trainers.discard(pid)
            self._say({"ended": pid, "status": os.waitstatus_to_exitcode(status)})

    def _say(self, said: Mapping[str, object], files: Sequence[int] = ()) -> None:
        with contextlib.suppress(ConnectionError):  # the worker is gone: the next message from it is none
            socket.send_fds(self._control, [json.dumps(said).encode()], list(files))

    def _become_trainer(self, host: int, request: Mapping[str, Any], files: Sequence[int]) -> NoReturn:
        """Turn a fork of the host into the trainer that an exec would have given, and train."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            setproctitle(title(request["run_id"]))
            die_with(host)
            os.environ |= {**request["environment"], EVENT_FD: str(take_over(files))}
            status = self._train()
        except BaseException:
            traceback.print_exc()
        finally:
            leave(status)


def take_over(files: Sequence[int]) -> int:
    """Make a trainer's pipes its standard streams, close all else that it got from the host; returns the event pipe."""
    stdin, output, events = files
    kept = os.dup(events)
    os.dup2(stdin, STDIN)
    os.dup2(output, STDOUT)
    os.dup2(output, STDERR)
    events = os.dup2(kept, STDERR + 1)
    os.closerange(events + 1, os.sysconf("SC_OPEN_MAX"))
    return events


def unfitness(code: Files) -> str | None:
    """Why this process must not be forked; None where it may."""
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:
        return f"it has {threads} threads"
    changed = [name for name, state in source_files().items() if code.get(name) != state]
    changed += [name for name in code if not os.path.exists(name)]
    return f"its code has changed ({changed[0]})" if changed else None


def source_files() -> Files:
    """Time and size of every file that a trainer's own code comes from, and of folders that packages are put into.

    Files of installed packages need no look: whatever installs one writes into the folder beside it.
    """
    folders = {path for path in sys.path if os.path.isabs(path) and os.path.isdir(path)}
    installed = tuple(folder for folder in folders if f"{os.sep}lib{os.sep}python" in folder)
    own = [Path(path) for name in OWN_PACKAGES if name in sys.modules for path in sys.modules[name].__path__]
    files = {str(file) for folder in own for file in folder.rglob("*.py")}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None) or ""
        if os.path.isfile(file) and not file.startswith(installed):
            files.add(file)
    return {name: state_of(name) for name in sorted({*files, *installed})}


def state_of(name: str) -> tuple[int, int]:
    """Time of the last change and size; of a folder, whose size says nothing, the time."""
    try:
        state = os.stat(name)
    except OSError:
        return 0, 0
    return state.st_mtime_ns, 0 if os.path.isdir(name) else state.st_size
