"""Server-sent events with reconnection."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from client.answers import Event
from client.errors import ApiError, ServiceUnreachable
from client.transport import RETRY_STATUS, Transport, pauses


def follow(
    transport: Transport, path: str, *, params: Mapping[str, Any] | None = None, last_event_id: str | None = None
) -> Iterator[Event]:
    """Events of a stream until it says `end`; a broken connection is taken up where it was.

    Raises:
        ApiError: the service refused.
        ServiceUnreachable: it stayed away for longer than the transport retries.
    """
    waits, silent_since = pauses(), time.monotonic()
    while True:
        try:
            headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last_event_id} if last_event_id else {})}
            with transport.stream(path, params=params, headers=headers) as response:
                for event in parse(response.iter_lines()):
                    waits, silent_since = pauses(), time.monotonic()
                    last_event_id = event.id or last_event_id
                    yield event
                    if event.kind == "end":
                        return
                silent_since = time.monotonic()
        except (ServiceUnreachable, ApiError) as error:
            if isinstance(error, ApiError) and error.status not in RETRY_STATUS:
                raise
            if time.monotonic() - silent_since > transport.retry_seconds:
                raise
        time.sleep(next(waits))


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
