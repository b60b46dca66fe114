"""A trainer without torch, for tests of the supervisor: it does what the spec's `script` says, line by line.

`epoch`, `checkpoint`, `say TEXT`, `print TEXT`, `sleep SECONDS`, `until-stopped`, `deaf` (ignore SIGTERM),
`child` (start a process that would outlive it), `end OUTCOME [REASON]`, `die SIGNAL`, `exit STATUS`,
`environment`, `nonsense`, `wait-for FILE` (until it exists). A script for each attempt, or such scripts by seed. The
runs of a pack have a thread each.
"""

import base64
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STOPPED: list[int | None] = []
"""Members of the pack that are to stop; None: all are."""
OWN = threading.local()


def send(kind: str, /, **values: Any) -> None:
    mark = {} if member() is None else {"member": member()}
    os.write(int(os.environ["LPL_EVENT_FD"]), json.dumps({"type": kind, **mark, **values}).encode() + b"\n")


def member() -> int | None:
    """The place of this thread's run in its pack."""
    return getattr(OWN, "member", None)


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
    while not {None, member()} & set(STOPPED):
        time.sleep(0.01)


def wait_for_file(path: str) -> None:
    while not os.path.exists(path):
        time.sleep(0.01)


def start_child(_: str) -> None:
    child = subprocess.Popen(["sleep", "600"], pass_fds=[int(os.environ["LPL_EVENT_FD"])])
    print("child", child.pid, flush=True)


ACTS: dict[str, Callable[[str], object]] = {
    "say": lambda rest: send("log", level="info", message=rest),
    "print": lambda rest: print(rest, flush=True),
    "sleep": lambda rest: time.sleep(float(rest)),
    "until-stopped": wait_for_stop,
    "wait-for": wait_for_file,
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


def train(payload: dict[str, Any], number: int | None = None) -> None:
    OWN.member = number
    epoch = epochs_done(payload)
    send("run_start", class_names=["a", "b"], class_counts=[9, 1], device="cpu", epochs=4, start_epoch=epoch, notes=[])
    scripts = payload["spec"]["script"]
    if isinstance(scripts, dict):
        scripts = scripts.get(str(payload["seed"]), scripts["others"])
    attempt = int(Path(payload["checkpoint_dir"]).name.rpartition("-")[2])
    for line in scripts[min(attempt, len(scripts)) - 1]:
        epoch = perform(line, payload, epoch)


def train_pack(members: list[dict[str, Any]]) -> None:
    threads = [threading.Thread(target=train, args=(payload, number)) for number, payload in enumerate(members)]
    threading.Thread(target=listen, daemon=True).start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(0)  # a thread still reads


def listen() -> None:
    for line in sys.stdin:
        STOPPED.append(json.loads(line)["stop"])
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: STOPPED.append(None))
    payload = json.loads(sys.stdin.readline())
    if "members" in payload:
        train_pack(payload["members"])
    train(payload)


if __name__ == "__main__":
    main()
