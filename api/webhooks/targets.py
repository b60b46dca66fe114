"""The address of a webhook, read in one way only: what is checked is what is connected to."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

import idna

Address = IPv4Address | IPv6Address
PORTS = {"http": 80, "https": 443}
PATH = re.compile(r"/[!-~]*")
LABELS = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)
"""A last label after which resolvers take a host for an IPv4 address, in whatever spelling."""


class AddressRefused(ValueError):
    """Nothing may be delivered to an address; the message says why, and quotes nothing of it but its host."""


@dataclass(frozen=True)
class Target:
    """Where to connect and what to ask for. `address` is the host where that is an address and not a name."""

    secure: bool
    host: str
    port: int
    path: str
    address: Address | None

    @property
    def authority(self) -> str:
        """The `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"


def target_of(url: str) -> Target:
    """An address in its parts.

    Raises:
        AddressRefused: it is none that deliveries can go to.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("this is no address; give https://host/path") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise AddressRefused("give an address of http or https: https://host/path")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if "\\" in url or not PATH.fullmatch(path) or any(sign.isspace() or not sign.isprintable() for sign in url):
        raise AddressRefused("an address holds no spaces, backslashes or control characters; write others as %XX")
    if "@" in parts.netloc:
        raise AddressRefused("an address with a user or a password is not taken; the deliveries are signed")
    if "#" in url:
        raise AddressRefused("leave out the part from # on: it is never sent")
    if port == 0:
        raise AddressRefused("port 0 is none; leave it out or give the server's")
    host, address = host_of(parts.hostname, bracketed="[" in parts.netloc)
    return Target(parts.scheme == "https", host, port or PORTS[parts.scheme], path, address)


def host_of(text: str, *, bracketed: bool) -> tuple[str, Address | None]:
    """A host in ASCII, and the address that it is where it is no name.

    Raises:
        AddressRefused: it is neither, or an IPv4 address in another spelling than four decimal numbers.
    """
    if bracketed:
        return literal(text, IPv6Address)
    host = ascii_of(text).removesuffix(".")
    if not LABELS.fullmatch(host):
        raise AddressRefused("its host is no name that can be looked up")
    if NUMBER.fullmatch(host.rpartition(".")[2]):
        return literal(host, IPv4Address)
    return host, None


def literal(text: str, kind: type[IPv4Address] | type[IPv6Address]) -> tuple[str, Address]:
    """A host that is an address.

    Raises:
        AddressRefused: it is none, or has a zone.
    """
    try:
        address = kind(text)
    except ValueError:
        raise AddressRefused(f"{text[:60]} is no address; IPv4 is four decimal numbers, IPv6 [2001:db8::1]") from None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise AddressRefused("an address with a zone (%) is not taken")
    return str(address), address


def ascii_of(host: str) -> str:
    """A host name as it is looked up.

    Raises:
        AddressRefused: it is none.
    """
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise AddressRefused("its host is no name that can be looked up") from None
