"""What needs lplcore is loaded late: torch takes longer to load than all the rest of the service.

The modules of `api.services` import lplcore, and others reach them as `late(...)`. They are loaded behind the first
answers; a request that needs one sooner waits for it.
"""

import importlib
import logging
import threading
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

SERVICES = "api.services"
NEEDED = ("numpy", "safetensors", "torch", "torchvision")
log = logging.getLogger(__name__)


class Late:
    """Stands for a module, which is loaded when something of it is asked for; who asks meanwhile waits."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)


def late(name: str) -> Any:
    """The module of this name, not loaded yet."""
    return Late(name)


def load_behind() -> None:
    """Load what is late in the background. The process ends only after that: torch does not bear half a load."""
    threading.Thread(target=load, name="late modules").start()


def load() -> None:
    """Load what is late."""
    try:
        for module in iter_modules(importlib.import_module(SERVICES).__path__):
            importlib.import_module(f"{SERVICES}.{module.name}")
    except Exception:
        log.exception("lplcore cannot be loaded: whatever needs it will fail")


def missing() -> str | None:
    """A package that lplcore needs and that is not installed."""
    return next((name for name in NEEDED if find_spec(name) is None), None)
