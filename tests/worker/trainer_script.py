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


def perform(line: str, payload: dict[str, Any], epoch: int) -> int:
    word, _, rest = line.partition(" ")
    match word:
        case "epoch":
            epoch += 1
            send_epoch(epoch)
        case "checkpoint":
            write_checkpoint(payload, epoch)
        case "say":
            send("log", level="info", message=rest)
        case "print":
            print(rest, flush=True)
        case "sleep":
            time.sleep(float(rest))
        case "until-stopped":
            while not STOPPED:
                time.sleep(0.01)
        case "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        case "child":
            print(
                "child", subprocess.Popen(["sleep", "600"], pass_fds=[int(os.environ["LPL_EVENT_FD"])]).pid, flush=True
            )
        case "die":
            os.kill(os.getpid(), int(rest))
        case "exit":
            os._exit(int(rest))
        case "nonsense":
            os.write(int(os.environ["LPL_EVENT_FD"]), b"{nonsense\n")
        case "environment":
            print(" ".join(f"{name}={value}" for name, value in os.environ.items()), flush=True)
        case "end":
            outcome, _, reason = rest.partition(" ")
            send("run_end", outcome=outcome, reason=reason or None, message=f"it {outcome}" if reason else None)
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


main()
