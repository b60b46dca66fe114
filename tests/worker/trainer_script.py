"""A trainer without torch, for tests of the supervisor: it does what the spec's `script` says, line by line.

`epoch`, `checkpoint`, `say TEXT`, `print TEXT`, `sleep SECONDS`, `until-stopped`, `deaf` (ignore SIGTERM),
`child` (start a process that would outlive it), `end OUTCOME [REASON]`, `die SIGNAL`, `exit STATUS`,
`environment`, `nonsense`.
"""

import base64
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STOPPED: list[int] = []


def send(kind: str, /, **values: Any) -> None:
    os.write(int(os.environ["LPL_EVENT_FD"]), json.dumps({"type": kind, **values}).encode() + b"\n")


def epochs_done(payload: dict[str, Any]) -> int:
    """A checkpoint's content is the number of its epoch."""
    return int(Path(payload["resume_from"]).read_text()) if payload["resume_from"] else 0


def write_checkpoint(payload: dict[str, Any], epoch: int) -> None:
    path = Path(payload["checkpoint_dir"]) / f"{epoch}-{time.monotonic_ns()}"
    path.write_text(str(epoch))
    send("checkpoint", path=str(path), epoch=epoch, step=0, kind="last", completed=False)


def send_epoch(epoch: int) -> None:
    data = base64.b64encode(struct.pack("<2f", 0.25, epoch)).decode()
    series = {"test/accuracy": {"shape": [2], "data": data}}
    send("epoch", epoch=epoch, metrics={"test/top1_error": 1.0 / epoch, "train/loss": None}, series=series)


def end(rest: str) -> None:
    outcome, _, reason = rest.partition(" ")
    send("run_end", outcome=outcome, reason=reason or None, message=f"it {outcome}" if reason else None)


def wait_for_stop(_: str) -> None:
    while not STOPPED:
        time.sleep(0.01)


def start_child(_: str) -> None:
    child = subprocess.Popen(["sleep", "600"], pass_fds=[int(os.environ["LPL_EVENT_FD"])])
    print("child", child.pid, flush=True)


ACTS: dict[str, Callable[[str], object]] = {
    "say": lambda rest: send("log", level="info", message=rest),
    "print": lambda rest: print(rest, flush=True),
    "sleep": lambda rest: time.sleep(float(rest)),
    "until-stopped": wait_for_stop,
    "deaf": lambda _: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "child": start_child,
    "die": lambda rest: os.kill(os.getpid(), int(rest)),
    "exit": lambda rest: os._exit(int(rest)),
    "nonsense": lambda _: os.write(int(os.environ["LPL_EVENT_FD"]), b"{nonsense\n"),
    "environment": lambda _: print(" ".join(f"{name}={value}" for name, value in os.environ.items()), flush=True),
    "end": end,
}


def perform(line: str, payload: dict[str, Any], epoch: int) -> int:
    word, _, rest = line.partition(" ")
    if word == "epoch":
        epoch += 1
        send_epoch(epoch)
    elif word == "checkpoint":
        write_checkpoint(payload, epoch)
    else:
        ACTS[word](rest)
    return epoch


def main() -> None:
    signal.signal(signal.SIGTERM, lambda number, _: STOPPED.append(number))
    payload = json.loads(sys.stdin.readline())
    epoch = epochs_done(payload)
    send("run_start", class_names=["a", "b"], class_counts=[9, 1], device="cpu", epochs=4, start_epoch=epoch, notes=[])
    scripts = payload["spec"]["script"]
    attempt = int(Path(payload["checkpoint_dir"]).name.rpartition("-")[2])
    for line in scripts[min(attempt, len(scripts)) - 1]:
        epoch = perform(line, payload, epoch)


if __name__ == "__main__":
    main()
