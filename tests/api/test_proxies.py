"""Behind a proxy: origins, path prefixes, forwarded addresses."""

from pathlib import Path
from typing import Any

import pytest

from api.middleware.security import Gate
from store import audit
from store.database.engine import Database
from store.settings import Settings
from tests.api.service import SPEC, running
from tests.grids import every
from tests.store.databases import reading

PROXIED = "https://lpl.example.org:8443/lpl"


@pytest.mark.parametrize(("public_url", "host", "origin", "own"), [
    # The proxy sends its own idea of the Host: nginx by default.
    ("https://lpl.example.org", "127.0.0.1:8000", "https://lpl.example.org", True),
    ("https://lpl.example.org", "127.0.0.1:8000", "https://LPL.example.org:443", True),
    ("https://lpl.example.org:443", "127.0.0.1:8000", "https://lpl.example.org", True),
    (PROXIED, "127.0.0.1:8000", "https://lpl.example.org:8443", True),
    (PROXIED, "lpl.example.org", "https://lpl.example.org:8443", True),  # the Host without its port
    (PROXIED, "lpl.example.org:8443", "https://lpl.example.org:8443", True),
    (PROXIED, "127.0.0.1:8000", "http://127.0.0.1:8000", True),  # past the proxy
    (PROXIED, "127.0.0.1:8000", "https://lpl.example.org", False),
    (PROXIED, "127.0.0.1:8000", "http://lpl.example.org:8443", False),
    (PROXIED, "127.0.0.1:8000", "https://evil.example", False),
    (PROXIED, "127.0.0.1:8000", "null", False),
    ("https://lpl.example.org", "lpl.example.org", "http://lpl.example.org", False),
    ("http://lpl.example.org", "lpl.example.org:80", "http://lpl.example.org", True),
    # Without a proxy, or one that keeps the Host.
    (None, "localhost", "http://localhost", True),
    (None, "localhost:80", "http://localhost", True),
    (None, "localhost", "http://localhost:80", True),
    (None, "localhost:443", "https://localhost", True),
    (None, "localhost", "https://localhost:443", True),
    (None, "[::1]:8000", "http://[::1]:8000", True),
    (None, "localhost:8000", "http://localhost", False),
    (None, "localhost", "http://localhost:8000", False),
    (None, "localhost:80", "https://localhost", False),
    (None, "localhost", "http://127.0.0.1", False),
    (None, "127.0.0.1:8000", "https://lpl.example.org", False),
])  # fmt: skip
def test_origins_are_compared_by_scheme_host_and_port(
    public_url: str | None, host: str, origin: str, own: bool
) -> None:
    given = Settings(public_url=public_url)
    gate = Gate(nothing, host="127.0.0.1", allowed_hosts=[], public_url=given.public_url)
    headers = {"host": host, "origin": origin, "sec-fetch-site": "same-origin"}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    refusal = gate.refusal({"type": "http", "method": "POST", "path": "/v1/jobs", "scheme": "http", "headers": raw})
    assert (refusal is None) is own
    if refusal is not None:
        assert (refusal.status, "LPL_PUBLIC_URL" in refusal.detail) == (403, True)


async def nothing(*_: Any) -> None:
    """An application that answers nothing."""


@pytest.mark.parametrize("url", [
    "lpl.example.org", "ftp://lpl.example.org", "https://", "https://a:b@lpl.example.org", "https://lpl.example.org/?x",
    "https://lpl.example.org/a b", "https://lpl.example.org/v1", "https://lpl.example.org:x", "https://x/%2e",
])  # fmt: skip
def test_a_public_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="public_url"):
        Settings(public_url=url)


@pytest.mark.parametrize("given", every(3, ["/lpl", "", "/tools/lpl/"]))
@pytest.mark.parametrize("taken_off", [True, False])
def test_a_service_below_a_path_answers_with_and_without_it(
    sqlite: Database, tmp_path: Path, given: str, taken_off: bool
) -> None:
    prefix = given.rstrip("/")
    with running(sqlite, tmp_path, public_url=f"https://lpl.example.org{given}") as service:
        base = "" if taken_off else prefix
        made = service.http.post(f"{base}/v1/jobs", json=SPEC)
        assert made.status_code == 201
        assert made.headers["location"] == f"{prefix}/v1/jobs/{made.json()['id']}"
        for path in ("/", "/docs", "/docs/assets/start.js", "/assets/app.js", "/v1/jobs", "/healthz", "/openapi.json"):
            assert service.http.get(base + path).status_code == 200, path
        document = service.http.get(f"{base}/openapi.json").json()
        assert document.get("servers") == ([{"url": prefix}] if prefix else None)
        if prefix:
            bare = service.http.get(prefix)
            assert (bare.status_code, bare.headers["location"]) == (307, f"{prefix}/")
            assert service.http.get(f"{prefix}x/v1/jobs").status_code == 404
        (line,) = reading(sqlite, audit.entries).items
        assert line.path == f"/v1/jobs/{made.json()['id']}"


@pytest.mark.parametrize(("trusted", "address", "scheme_is_known"), [
    ([], "127.0.0.1", False), (["10.0.0.0/8"], "127.0.0.1", False), (["127.0.0.0/8"], "192.0.2.7", True),
    (["127.0.0.1", "192.0.2.0/24"], "203.0.113.9", True),
])  # fmt: skip
def test_forwarded_addresses_are_believed_of_trusted_proxies_alone(
    sqlite: Database, tmp_path: Path, trusted: list[str], address: str, scheme_is_known: bool
) -> None:
    forwarded = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9, 192.0.2.7", "X-Forwarded-Proto": "https"}
    with running(sqlite, tmp_path, trusted_proxies=trusted) as service:
        host = service.url.removeprefix("http://")
        for scheme in ("https", "http"):
            answer = service.http.post("/v1/jobs", json=SPEC, headers={**forwarded, "Origin": f"{scheme}://{host}"})
            assert answer.status_code == (403 if scheme_is_known and scheme == "http" else 201)
    assert {line.address for line in reading(sqlite, audit.entries).items} == {address}


@pytest.mark.parametrize("given", ["not-a-network", "10.0.0.0/99"])
def test_a_trusted_proxy_that_is_no_network_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        Settings(trusted_proxies=[given])
