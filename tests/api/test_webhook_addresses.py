"""Where deliveries may go: addresses as they are written, and as they resolve."""

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest

from api.webhooks import addresses
from api.webhooks.addresses import Addresses, Resolver
from api.webhooks.targets import AddressRefused, target_of

PUBLIC_V4, PUBLIC_V6 = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"


def nowhere(host: str) -> list[str]:
    """A resolver that knows no name."""
    raise OSError("nothing by this name")


def leading_to(*answers: Sequence[str]) -> Resolver:
    """A resolver that gives one answer after another, the last one from then on."""
    left = list(answers)

    def resolve(host: str) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.example", "/hook", "ftp://hooks.example/", "file:///etc/passwd", "gopher://hooks.example/",
        "http://", "http:///hook", "https://:443/", "http://hooks.example:0/", "http://hooks.example:65536/",
        "http://hooks.example:x/", "http://user@hooks.example/", "http://user:word@hooks.example/",
        "http://@hooks.example/", "http://hooks.example/#part", "http://hooks.example/#", "http://hooks.example\\@b/",
        "http://hooks.example/a b", " http://hooks.example/", "http://hooks.example/\n", "http://hooks\t.example/",
        "http://hooks.example/\r\nX: y", "http://hooks.example/ä", "http://hooks..example/", "http://.example/",
        "http://ho%6fks.example/", "http://hooks.example%00/", "http://[::1", "http://[fe80::1%25eth0]/",
        "http://[v1.x]/", "http://[1.2.3.4]/", "http://a" + 64 * "a" + "/", "http://\u2488com/", "http://xn--\u00fc/",
    ],
)  # fmt: skip
def test_what_is_no_address_for_deliveries_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        target_of(url)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.1", "127.0.1", "0", "1.2.3.04", "1.2.3.256",
        "1.2.3.4.5", "0X7F.1", "0x", "\uff10x7f.1", "\u2460.1",
    ],
)  # fmt: skip
def test_ipv4_is_four_decimal_numbers(host: str) -> None:
    with pytest.raises(AddressRefused):
        target_of(f"http://{host}/")


def test_an_address_is_read_once() -> None:
    target = target_of("https://HOOKS.Example.:8443/a/b?c=%20d&e")
    assert (target.secure, target.host, target.port, target.path) == (True, "hooks.example", 8443, "/a/b?c=%20d&e")
    assert target.authority == "hooks.example:8443"
    assert target_of("http://hooks.example?x=1").path == "/?x=1"
    assert target_of("http://b\u00fccher.example/").host == "xn--bcher-kva.example"
    assert target_of("https://hooks.example:443").authority == "hooks.example"
    assert target_of(f"http://[{PUBLIC_V6}]:8080").authority == f"[{PUBLIC_V6}]:8080"
    assert str(target_of("http://\uff11\uff12\uff17.0.0.1/").address) == "127.0.0.1"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.100.100.200", "0.0.0.0", "0.1.2.3", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.1", "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", f"::ffff:{PUBLIC_V4}", "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378::1",
        "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd12::1",
        "fe80::1", "fec0::1", "ff02::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    written = f"http://[{address}]/" if ":" in address else f"http://{address}/"
    with pytest.raises(AddressRefused, match=r"not a public address.*LPL_WEBHOOK_ALLOW"):
        Addresses([], resolve=nowhere).check(written)
    for resolved in ([address], [PUBLIC_V4, address], [address, PUBLIC_V6]):
        with pytest.raises(AddressRefused, match=r"hooks\.example \(.*not a public address"):
            Addresses([], resolve=leading_to(resolved)).check("https://hooks.example/")
    own = f"{address}/128" if ":" in address else f"{address}/32"
    Addresses([own], resolve=nowhere).check(written)


def test_public_addresses_are_taken() -> None:
    for address in (PUBLIC_V4, "8.8.8.8", "1.1.1.1", "100.63.255.255", "172.32.0.1", "223.255.255.255"):
        Addresses([], resolve=nowhere).check(f"http://{address}/")
    for address in (PUBLIC_V6, "2001:4860:4860::8888", "2a00:1450::1"):
        Addresses([], resolve=nowhere).check(f"https://[{address}]/")
    Addresses([], resolve=leading_to([PUBLIC_V6, PUBLIC_V4])).check("https://hooks.example/")


def test_a_network_that_is_allowed_allows_nothing_that_looks_like_it() -> None:
    allowing = Addresses(["127.0.0.0/8", "10.1.0.0/16"], resolve=nowhere)
    allowing.check("http://127.0.0.1/")
    allowing.check("http://10.1.2.3/")
    for url in ("http://10.2.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/"):
        with pytest.raises(AddressRefused):
            allowing.check(url)


@pytest.mark.parametrize("answer", [[], ["fe80::1%eth0"], ["not an address"]])
def test_names_without_a_fit_address_are_refused(answer: list[str]) -> None:
    with pytest.raises(AddressRefused):
        Addresses([], resolve=leading_to(answer)).check("http://hooks.example/")
    with pytest.raises(AddressRefused, match="has no address"):
        Addresses([], resolve=nowhere).check("http://hooks.example/")


def test_the_machine_s_own_names_are_refused() -> None:
    with pytest.raises(AddressRefused, match=r"localhost \((127\.0\.0\.1|::1)\) is not a public address"):
        Addresses([], resolve=addresses.system_addresses).check("http://localhost/")


def test_a_name_is_looked_up_for_each_attempt_and_checked_again() -> None:
    changing = Addresses([], resolve=leading_to([PUBLIC_V4], ["127.0.0.1"]))
    changing.check("http://hooks.example/")
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.1"):
        asyncio.run(changing.locate(target_of("http://hooks.example/")))


def test_a_look_up_that_takes_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "LOOKUP_SECONDS", 0.1)
    never = threading.Event()

    def slow(host: str) -> list[str]:
        never.wait(30)
        return [PUBLIC_V4]

    async def given_up() -> None:
        async with asyncio.timeout(0.1):
            await Addresses([], resolve=slow).locate(target_of("http://hooks.example/"))

    began = time.monotonic()
    with pytest.raises(AddressRefused, match="could not be looked up"):
        Addresses([], resolve=slow).check("http://hooks.example/")
    with pytest.raises(TimeoutError):
        asyncio.run(given_up())
    assert time.monotonic() - began < 10
    never.set()
