"""Kinds of devices: what runs ask for and what workers have."""

from collections.abc import Mapping
from typing import Any

ANY, CPU = "auto", "cpu"
WAITS_FOR = "waits for a "
"""How the message of a run begins whose device no worker has."""


def wanted(spec: Mapping[str, Any]) -> str:
    """The kind of device that a spec asks for: `auto`, `cpu`, `cuda` or `mps`."""
    return kind(str(spec.get("device") or ANY))


def kind(device: str) -> str:
    """`cuda:1` -> `cuda`."""
    return device.partition(":")[0]


def offered(device: str) -> tuple[str, ...]:
    """What runs may ask for that a worker of this device takes: every machine has a CPU."""
    return (ANY, CPU, kind(device))
