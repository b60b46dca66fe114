"""Requests to the service: address, key, retries with backoff, errors."""

import ipaddress
import json
import os
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from client.api_key import authorization, key_from_environment
from client.errors import ApiError, ServiceUnreachable, problem
from client.retries import AWAY, REFUSED_UNREAD, Patience

DEFAULT_URL = "http://127.0.0.1:8000"
SAFE_METHODS = ("GET", "HEAD")
ANSWER_SECONDS = 3600.0
NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts no certificate: to load those of all authorities takes longer than a command that needs none."""


class Transport:
    """Sends requests and repeats those that may be repeated, for `retry_seconds` at most."""

    def __init__(self, url: str | None, *, key: str | None, timeout_seconds: float, retry_seconds: float) -> None:
        self.url = checked_url(url or os.environ.get("LPL_URL") or DEFAULT_URL)
        self.retry_seconds = retry_seconds
        self._http = connection(
            base_url=self.url,
            headers={"Accept": "application/json", **authorization(key or key_from_environment())},
            timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, 5.0)),
            trust_env=not is_loopback(self.url),  # a proxy of the environment cannot reach this machine's loopback
            verify=NOBODY if self.url.startswith("http://") and is_loopback(self.url) else True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The decoded JSON of a resource."""
        return self.request("GET", path, params=params)

    def get_text(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """The text of a resource that has other forms than JSON."""
        text: str = self.request("GET", path, params=params, headers={"Accept": "*/*"}, read=text_of)
        return text

    def post(
        self,
        path: str,
        body: Any = None,
        *,
        idempotency_key: str | None = None,
        repeatable: bool = True,
        answered_late: bool = False,
    ) -> Any:
        """Post JSON under an idempotency key, one per call and the same on every repetition.

        Args:
            path: the resource.
            body: JSON-able, or None for no body.
            idempotency_key: a key of the caller's; a random one otherwise.
            repeatable: whether it may be sent again where it is unknown if the first one arrived.
            answered_late: whether the service does long work before it answers.
        """
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        options = {"timeout": self._answered_late()} if answered_late else {}
        return self.request("POST", path, body=body, headers=headers, repeatable=repeatable, options=options)

    def post_stream(self, path: str, content: Iterator[bytes], headers: Mapping[str, str]) -> Any:
        """Post a body that is made while it is sent; the answer may take an hour."""
        timeout = self._answered_late()
        try:
            return decoded(self._http.post(path, content=content, headers=dict(headers), timeout=timeout))
        except httpx.TransportError as error:
            raise ServiceUnreachable(self.url, reason(error)) from error

    def _answered_late(self) -> httpx.Timeout:
        """At least an hour for all but connecting."""
        usual = self._http.timeout
        longest = None if usual.read is None else max(usual.read, ANSWER_SECONDS)
        return httpx.Timeout(longest, connect=usual.connect)

    def patch(self, path: str, body: Any) -> Any:
        """Change fields of a resource; again is harmless."""
        return self.request("PATCH", path, body=body, repeatable=True)

    def delete(self, path: str) -> None:
        """Delete a resource."""
        self.request("DELETE", path)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        read: Callable[[httpx.Response], Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Any:
        """The decoded JSON of an answer, None for an empty one; or what `read` makes of it.

        `options` are httpx's for the request, such as `files` and `timeout`.

        Raises:
            ApiError: the service refused.
            ServiceUnreachable: nothing answered within the time for retries.
        """
        repeatable = method in SAFE_METHODS if repeatable is None else repeatable
        request = self._http.build_request(
            method,
            path,
            params=without_none(params),
            content=encoded(body),
            headers={**content_type(body), **(headers or {})},
            **(options or {}),
        )
        patience = Patience(self.retry_seconds)
        while True:
            try:
                return (read or decoded)(self._http.send(request))
            except httpx.TransportError as error:
                failure: Exception = ServiceUnreachable(self.url, reason(error))
                again = repeatable or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            except ApiError as error:
                failure, again = error, error.status in (AWAY if repeatable else REFUSED_UNREAD)
            if not again:
                raise failure
            patience.wait(failure)

    @contextmanager
    def stream(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[httpx.Response]:
        """An open answer whose body is read by the caller; not repeated. It may have more time than others to begin.

        Raises:
            ApiError: the service refused.
            ServiceUnreachable: nothing answered, or the answer broke off while it was read.
        """
        try:
            timeout = self._http.timeout if timeout_seconds is None else httpx.Timeout(timeout_seconds, connect=5.0)
            with self._http.stream(
                "GET", path, params=without_none(params), headers=dict(headers or {}), timeout=timeout
            ) as response:
                if response.is_error:
                    response.read()
                    decoded(response)
                yield response
        except httpx.TransportError as error:
            raise ServiceUnreachable(self.url, reason(error)) from error


def connection(**options: Any) -> httpx.Client:
    """A client of httpx.

    Raises:
        ValueError: the environment's proxies or certificates cannot be read.
    """
    try:
        return httpx.Client(**options)
    except (httpx.InvalidURL, ValueError, ImportError) as error:
        remedy = "see HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY (there ::1 has no brackets)"
        raise ValueError(f"the proxies of the environment cannot be read: {error}; {remedy}") from error
    except OSError as error:
        raise ValueError(f"the certificates cannot be read: {error.strerror}; see SSL_CERT_FILE") from error


def encoded(body: Any) -> bytes | None:
    """Body of a request; JSON without NaN, which no service could read.

    Raises:
        ApiError: it is not JSON-able.
    """
    if body is None:
        return None
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ApiError(400, "Invalid request", detail=f"the request cannot be written as JSON: {error}") from error


def content_type(body: Any) -> dict[str, str]:
    """Header that says what the body is."""
    return {} if body is None else {"Content-Type": "application/json"}


def decoded(response: httpx.Response) -> Any:
    """JSON of an answer.

    Raises:
        ApiError: an error status, or an answer that is not JSON.
    """
    is_json = "json" in response.headers.get("content-type", "")
    try:
        body = response.json() if is_json and response.content else response.text
    except ValueError:
        body, is_json = response.text, False
    if response.is_success and (is_json or not response.content):
        return body if is_json and response.content else None
    if response.is_success or response.is_redirect:
        detail = f"{response.url} answered {response.status_code} without JSON; is it the address of the service?"
        raise ApiError(response.status_code, "Not the service", detail=detail)
    shown = body if is_json or is_plain_text(response) else ""
    raise problem(response.status_code, response.reason_phrase, shown, retry_after_seconds=retry_after(response))


def text_of(response: httpx.Response) -> str:
    """Text of an answer.

    Raises:
        ApiError: an error status.
    """
    if not response.is_success:
        decoded(response)
    return response.text


def is_plain_text(response: httpx.Response) -> bool:
    """Whether an answer is text for people; pages of proxies are not."""
    return response.headers.get("content-type", "").startswith("text/plain") and "<" not in response.text[:100]


def retry_after(response: httpx.Response) -> float | None:
    """Retry-After in seconds, given as a number or a date."""
    text = response.headers.get("retry-after")
    if text is None:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def without_none(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Query parameters without those left out."""
    return {name: value for name, value in (params or {}).items() if value is not None}


def reason(error: httpx.TransportError) -> str:
    """Why a request failed, short."""
    if isinstance(error, httpx.TimeoutException):
        return "it did not answer in time"
    return " ".join(str(error).split()) or type(error).__name__


def checked_url(url: str) -> str:
    """An http or https address without a trailing slash.

    Raises:
        ValueError: anything else.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"LPL_URL: {url!r} is no address of a service; it looks like {DEFAULT_URL}")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether an address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
