"""One POST to a webhook: to the address that was checked, without redirects, proxies or patience."""

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version

import h11

from api.webhooks.addresses import Addresses
from api.webhooks.targets import Address, AddressRefused, Target, target_of
from store.deliveries import Due, Outcome

SECONDS = 5.0
"""From the look-up to the end of the answer."""
MAX_ANSWER = 64 * 1024
AGENT = f"lpl-service/{version('lpl-service')}"
Trust = Callable[[], ssl.SSLContext]


def signature(secret: str, body: bytes) -> str:
    """The `Lpl-Signature` header of a body."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


async def deliver(due: Due, body: bytes, addresses: Addresses, trust: Trust) -> Outcome:
    """Send a delivery; how it went. What is said of a failure names neither the address nor what was answered."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "Lpl-Delivery": due.id,
        "Lpl-Signature": signature(due.secret, body),
    }
    try:
        async with asyncio.timeout(SECONDS):
            target = target_of(due.url)
            return outcome_of(await post(target, await addresses.locate(target), headers, body, trust))
    except TimeoutError:
        return Outcome(message=f"no answer within {SECONDS:g} s")
    except AddressRefused as error:
        return Outcome(message=str(error))
    except ssl.SSLCertVerificationError as error:
        return Outcome(message=f"its certificate is refused: {error.verify_message}")
    except OSError as error:
        return Outcome(message=f"it cannot be reached: {error.strerror or type(error).__name__}")
    except h11.ProtocolError:
        return Outcome(message="what it answers is not HTTP")


def outcome_of(status: int) -> Outcome:
    """What an answer's status says."""
    if 200 <= status < 300:
        return Outcome(status)
    more = "; redirects are not followed" if 300 <= status < 400 else ""
    return Outcome(status, f"it answered {status}{more}")


async def post(
    target: Target, addresses: Sequence[Address], headers: Mapping[str, str], body: bytes, trust: Trust
) -> int:
    """The status of the answer to a POST.

    Raises:
        OSError: nothing can be connected to, or the connection breaks.
        h11.ProtocolError: the answer is not HTTP.
    """
    reader, writer = await connected(target, addresses, trust() if target.secure else None)
    try:
        sent = {"Host": target.authority, "Content-Length": str(len(body)), "Connection": "close", **headers}
        talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_ANSWER)
        head = h11.Request(method="POST", target=target.path, headers=list(sent.items()))
        for part in (head, h11.Data(data=body), h11.EndOfMessage()):
            writer.write(talk.send(part) or b"")
        return await answered(reader, talk)
    finally:
        writer.transport.abort()  # neither what is left of the answer nor a farewell is waited for


async def connected(
    target: Target, addresses: Sequence[Address], tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first address that takes one; a certificate is held against the host's name.

    Raises:
        OSError: none does, or its certificate is refused.
    """
    name = target.host if tls else None
    share = SECONDS / (len(addresses) + 1)
    for address in addresses[:-1]:
        try:
            async with asyncio.timeout(share):
                return await asyncio.open_connection(str(address), target.port, ssl=tls, server_hostname=name)
        except ssl.SSLError:
            raise
        except OSError:  # a timeout is one
            continue
    return await asyncio.open_connection(str(addresses[-1]), target.port, ssl=tls, server_hostname=name)


async def answered(reader: asyncio.StreamReader, talk: h11.Connection) -> int:
    """The status of an answer, which is read to its end or to `MAX_ANSWER`; what breaks after its head changes nothing.

    Raises:
        OSError, h11.ProtocolError: there is no head.
    """
    status, received = None, 0
    try:
        while received <= MAX_ANSWER:
            event = talk.next_event()
            if event is h11.NEED_DATA:
                data = await reader.read(8192)
                received += len(data)
                talk.receive_data(data)
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                break
    except (OSError, h11.ProtocolError, asyncio.CancelledError):
        if status is None:
            raise
    if status is None:
        raise h11.RemoteProtocolError("no answer, or too long a head")
    return status
