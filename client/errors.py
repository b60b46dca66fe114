"""What can go wrong, each message with its remedy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_DETAIL_CHARACTERS = 300
AWAY_DETAIL = {
    status: f"a proxy answered {status}: the service behind it is away or too slow; try again later"
    for status in (502, 503, 504)
}
"""Where a gateway answers with a page of its own, which is never shown."""


@dataclass(frozen=True)
class FieldError:
    """One wrong field of a request: where it is and what to do about it."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InWords(Exception):
    """An error whose message is all that somebody at a notebook needs: IPython shows it without a trace."""

    def _render_traceback_(self) -> list[str]:
        return [f"error: {line}" for line in str(self).splitlines()]


class ApiError(InWords):
    """The service refused a request (a problem document, RFC 9457).

    Attributes:
        status: HTTP status.
        title: kind of problem.
        detail: what happened.
        errors: the wrong fields, if any.
        retry_after_seconds: when to ask again, where the service says so.
    """

    def __init__(
        self,
        status: int,
        title: str,
        *,
        detail: str = "",
        errors: Sequence[FieldError] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.retry_after_seconds = retry_after_seconds
        super().__init__("\n".join(self.lines))

    @property
    def lines(self) -> list[str]:
        """One line per wrong field, else the detail."""
        if self.errors:
            return [str(error) for error in self.errors]
        return [" ".join((self.detail or f"{self.title} (HTTP {self.status})").split())]


class ServiceUnreachable(InWords, ConnectionError):
    """Nothing answers at the service's address."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        super().__init__(
            f"no service answers at {url} ({reason}); start one with `lpl serve`, or set LPL_URL to its address"
        )


class DownloadError(InWords):
    """A download ended early or is damaged; nothing was left behind."""


class Interrupted(Exception):
    """Somebody ended a command; the message says what goes on."""


def problem(status: int, reason: str, body: Any, *, retry_after_seconds: float | None = None) -> ApiError:
    """The error of an answer.

    Args:
        status: HTTP status.
        reason: its phrase, used where the body names no title.
        body: the decoded JSON, or the text.
        retry_after_seconds: the answer's Retry-After.
    """
    if not isinstance(body, Mapping):
        detail = str(body).strip()[:MAX_DETAIL_CHARACTERS] if body else AWAY_DETAIL.get(status, "")
        return ApiError(status, reason, detail=detail, retry_after_seconds=retry_after_seconds)
    errors = body.get("errors")
    return ApiError(
        status,
        str(body.get("title") or reason),
        detail=str(body.get("detail") or ""),
        errors=[field_error(item) for item in errors] if isinstance(errors, list) else (),
        retry_after_seconds=retry_after_seconds,
    )


def field_error(item: Any) -> FieldError:
    """One entry of a problem document's `errors`."""
    if isinstance(item, Mapping):
        return FieldError(str(item.get("path", "")), str(item.get("message", item)))
    return FieldError("", str(item))


class SpecFileError(InWords):
    """A spec that cannot be read, or an override that fits nowhere; the message says where."""
