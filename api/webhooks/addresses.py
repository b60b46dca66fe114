"""Which addresses deliveries may go to: public ones, and those in networks that `LPL_WEBHOOK_ALLOW` lists.

Whoever may register a webhook must not reach through it what only the service can: its own machine, its network, the
addresses at which clouds hand out credentials. A name is looked up once for each attempt, every address that it has is
checked, and one of these is connected to: a name that leads elsewhere a moment later changes nothing.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from api.webhooks.targets import Address, AddressRefused, Target, target_of

Resolver = Callable[[str], Sequence[str]]
"""Host -> addresses."""
LOOKUP_SECONDS = 5.0
# By IANA's registries of special-purpose addresses, not by what a version of Python takes for global.
SPECIAL_V4 = [
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocols
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # automatic multicast tunnels
        "192.88.99.0/24",  # relays to 6to4
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
UNICAST_V6 = ip_network("2000::/3")
"""All that is global. Loopback, v4-mapped, NAT64, unique local, link-local and multicast addresses lie outside."""
SPECIAL_V6 = [
    ip_network(text)
    for text in (
        "2001::/23",  # IETF protocols, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
]


class Addresses:
    """Looks names up and refuses what may not be connected to.

    Args:
        allow: networks allowed beside public addresses.
        resolve: looks a name up; it may block.
    """

    def __init__(self, allow: Sequence[str], *, resolve: Resolver) -> None:
        self._allow = [ip_network(text) for text in allow]
        self._resolve = resolve

    def check(self, url: str) -> None:
        """See that a webhook may have this address, as things are.

        Raises:
            AddressRefused: it may not.
        """
        target = target_of(url)
        try:
            addresses = self._looked_up(target).result(LOOKUP_SECONDS)
        except TooLate:
            raise AddressRefused(f"{target.host} could not be looked up within {LOOKUP_SECONDS:g} s") from None
        self._refuse_special(target, addresses)

    async def locate(self, target: Target) -> list[Address]:
        """The addresses of a target, in the order in which to try them.

        Raises:
            AddressRefused: there are none, or one of them may not be connected to.
        """
        addresses = await asyncio.wrap_future(self._looked_up(target))
        self._refuse_special(target, addresses)
        return addresses

    def _looked_up(self, target: Target) -> Future[list[Address]]:
        """The addresses of a target, looked up in a thread that nobody waits for: some look-ups take very long."""
        future: Future[list[Address]] = Future()
        future.set_running_or_notify_cancel()

        def look_up() -> None:
            try:
                future.set_result(addresses_of(target, self._resolve))
            except Exception as error:
                future.set_exception(error)

        if target.address is not None:
            future.set_result([target.address])
        else:
            threading.Thread(target=look_up, name="look-up", daemon=True).start()
        return future

    def _refuse_special(self, target: Target, addresses: Sequence[Address]) -> None:
        """See that every address may be connected to.

        Raises:
            AddressRefused: one may not.
        """
        for address in addresses:
            if not is_public(address) and not any(address in network for network in self._allow):
                named = f"{target.host}" if target.address else f"{target.host} ({address})"
                raise AddressRefused(
                    f"{named} is not a public address; an administrator may allow its network by LPL_WEBHOOK_ALLOW"
                )


def addresses_of(target: Target, resolve: Resolver) -> list[Address]:
    """What a name resolves to.

    Raises:
        AddressRefused: nothing.
    """
    try:
        addresses = [ip_address(text) for text in resolve(target.host)]
    except (OSError, ValueError):
        addresses = []
    if not addresses:
        raise AddressRefused(f"{target.host} has no address: the name is wrong, or cannot be looked up from here")
    return addresses


def is_public(address: Address) -> bool:
    """Whether an address is one of the whole internet's."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in SPECIAL_V4)
    assert isinstance(address, IPv6Address)
    return address in UNICAST_V6 and not any(address in network for network in SPECIAL_V6)


def system_addresses(host: str) -> list[str]:
    """What the machine's resolver says, each address once."""
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))
