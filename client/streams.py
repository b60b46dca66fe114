"""Server-sent events with reconnection."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpx

from client.answers import Event
from client.errors import ApiError, ServiceUnreachable
from client.retries import AWAY, Patience
from client.transport import Transport

EVENT_STREAM = "text/event-stream"


def follow(
    transport: Transport, path: str, *, params: Mapping[str, Any] | None = None, last_event_id: str | None = None
) -> Iterator[Event]:
    """Events of a stream until it says `end`; a broken connection is taken up where it was.

    Raises:
        ApiError: the service refused.
        ServiceUnreachable: it stayed away for longer than the transport retries.
    """
    patience = Patience(transport.retry_seconds)
    while True:
        try:
            headers = {"Accept": EVENT_STREAM, **({"Last-Event-ID": last_event_id} if last_event_id else {})}
            with transport.stream(path, params=params, headers=headers) as response:
                refuse_other_content(response)
                for event in parse(noticed(response.iter_lines(), patience)):
                    patience.renew()
                    last_event_id = event.id or last_event_id
                    yield event
                    if event.kind == "end":
                        return
            failure: Exception = ServiceUnreachable(transport.url, "the stream ended early")
        except ServiceUnreachable as error:
            failure = error
        except ApiError as error:
            if error.status not in AWAY:
                raise
            failure = error
        patience.wait(failure)


def noticed(lines: Iterable[str], patience: Patience) -> Iterator[str]:
    """The lines; each one, comments that keep a quiet stream open too, shows that the service lives."""
    patience.extend()
    for line in lines:
        patience.extend()
        yield line
    patience.extend()


def refuse_other_content(response: httpx.Response) -> None:
    """Refuse an answer that is no event stream, such as a proxy's page.

    Raises:
        ApiError: it is none.
    """
    kind = response.headers.get("content-type", "")
    if not kind.startswith(EVENT_STREAM):
        detail = f"{response.url} answered no event stream; is it the address of the service?"
        raise ApiError(response.status_code, "Not the service", detail=detail)


def parse(lines: Iterable[str]) -> Iterator[Event]:
    """Events of the lines of a `text/event-stream`; an unfinished last one is dropped, as the standard says."""
    fields: dict[str, list[str]] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
            continue
        if "data" in fields:
            yield event_of(fields)
        fields = {}


def event_of(fields: Mapping[str, list[str]]) -> Event:
    """The event of its fields; data that is no JSON object is kept under `value`."""
    text = "\n".join(fields["data"])
    try:
        data: Any = json.loads(text)
    except ValueError:
        data = text
    return Event(
        id=fields.get("id", [None])[-1],
        kind=fields.get("event", ["message"])[-1],
        data=data if isinstance(data, dict) else {"value": data},
    )
