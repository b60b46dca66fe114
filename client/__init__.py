"""HTTP client and the `lpl` command line."""

import importlib
from typing import TYPE_CHECKING, Any

from client.errors import ApiError, DownloadError, ServiceUnreachable, SpecFileError

if TYPE_CHECKING:
    from client.client import Client

__all__ = ["ApiError", "Client", "DownloadError", "ServiceUnreachable", "SpecFileError"]


def __getattr__(name: str) -> Any:
    """`Client`, loaded when somebody asks for it: the command line lists its commands without."""
    if name == "Client":
        return importlib.import_module("client.client").Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
