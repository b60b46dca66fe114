"""HTTP client and the `lpl` command line."""

from client.client import Client
from client.errors import ApiError, DownloadError, ServiceUnreachable
from client.specs import SpecFileError

__all__ = ["ApiError", "Client", "DownloadError", "ServiceUnreachable", "SpecFileError"]
