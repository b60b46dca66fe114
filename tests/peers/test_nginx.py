"""A real nginx with TLS and a path prefix before the service: pages, changes and streams work as without it."""

import contextlib
import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from api.process.broker import free_port
from store.database.engine import Database
from store.lifecycle import claims
from tests.api.service import SPEC, Running, claim, record, running
from tests.service.processes import until
from tests.store.databases import writing

NGINX, OPENSSL, CHROMIUM = (shutil.which(name) for name in ("nginx", "openssl", "chromium"))
pytestmark = [
    pytest.mark.peers,
    pytest.mark.slow,
    pytest.mark.skipif(NGINX is None or OPENSSL is None, reason="nginx or openssl is not installed"),
]
LOCATIONS = {
    "prefix taken off": ("/lpl", "location /lpl/ { proxy_pass http://127.0.0.1:UPSTREAM/; }"),
    "prefix left": ("/tools/lpl", "location /tools/lpl { proxy_pass http://127.0.0.1:UPSTREAM; }"),
    "no prefix": ("", "location / { proxy_pass http://127.0.0.1:UPSTREAM; }"),
    "host kept": (
        "/lpl",
        "location /lpl/ { proxy_pass http://127.0.0.1:UPSTREAM/; proxy_set_header Host $host;"
        " proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
        " proxy_set_header X-Forwarded-Proto $scheme; }",
    ),
}
CONFIGURATION = """
daemon off;
master_process off;
pid FOLDER/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  types { text/css css; text/javascript js; text/html html; }
  client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy; fastcgi_temp_path FOLDER/fastcgi;
  uwsgi_temp_path FOLDER/uwsgi; scgi_temp_path FOLDER/scgi;
  server {
    listen 127.0.0.1:PORT ssl http2;
    ssl_certificate FOLDER/cert.pem; ssl_certificate_key FOLDER/key.pem;
    LOCATION
  }
}
"""


@dataclass(frozen=True)
class Proxied:
    """A service behind nginx."""

    service: Running
    origin: str
    url: str
    http: httpx.Client


@pytest.fixture(params=list(LOCATIONS))
def proxied(request: pytest.FixtureRequest, sqlite: Database, tmp_path: Path) -> Iterator[Proxied]:
    """The service as a browser sees it through nginx."""
    prefix, location = LOCATIONS[request.param]
    port = free_port()
    origin = f"https://localhost:{port}"
    url = f"{origin}{prefix}"
    certificate(tmp_path)
    trust = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    with (
        running(sqlite, tmp_path / "data", public_url=url, trusted_proxies=["127.0.0.1"]) as service,
        nginx(tmp_path, port, location.replace("UPSTREAM", service.url.rpartition(":")[2])),
        httpx.Client(base_url=url, verify=trust, timeout=20, trust_env=False, headers={"Origin": origin}) as http,
    ):
        until(lambda: ready(http), bool, timeout=30)
        yield Proxied(service, origin, url, http)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """A migrated database."""
    db = Database(f"sqlite:///{tmp_path / 'data' / 'lpl.sqlite3'}")
    db.migrate()
    yield db
    db.dispose()


def certificate(folder: Path) -> None:
    """A certificate for localhost, signed by itself."""
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run([str(OPENSSL), *made, *files, *names], check=True, capture_output=True)


@contextlib.contextmanager
def nginx(folder: Path, port: int, location: str) -> Iterator[None]:
    """nginx with one location, ended afterwards."""
    text = CONFIGURATION.replace("FOLDER", str(folder)).replace("PORT", str(port)).replace("LOCATION", location)
    (folder / "nginx.conf").write_text(text)
    command = [str(NGINX), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def ready(http: httpx.Client) -> bool:
    """Whether the service answers through the proxy."""
    with contextlib.suppress(httpx.TransportError):
        return http.get("/readyz").status_code == 200
    return False


@pytest.fixture
def page(proxied: Proxied) -> Iterator[Page]:
    """A page of a browser that complains of nothing."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on the path")
    complaints: list[str] = []
    expect.set_options(timeout=30_000)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_context(ignore_https_errors=True).new_page()
        opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        yield opened
        browser.close()
    assert complaints == []


def test_a_program_submits_follows_and_cancels(proxied: Proxied) -> None:
    http = proxied.http
    made = http.post("/v1/jobs", json=SPEC)
    assert made.status_code == 201, made.text
    job = made.json()["id"]
    assert http.get(f"{proxied.origin}{made.headers['location']}").json()["id"] == job
    assert http.post(f"/v1/jobs/{job}/cancel", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 202
    assert http.get(f"/v1/jobs/{job}").json()["state"] == "cancelled"
    for origin in ("https://evil.example", proxied.origin.replace("https", "http"), "https://localhost", "null"):
        assert http.post("/v1/jobs", json=SPEC, headers={"Origin": origin}).status_code == 403, origin


def test_events_come_while_they_happen(proxied: Proxied) -> None:
    job = proxied.http.post("/v1/jobs", json=SPEC).json()["id"]
    held = claim(proxied.service.db)
    heard: list[str] = []

    def follow() -> None:
        with proxied.http.stream("GET", f"/v1/jobs/{job}/events", timeout=60) as stream:
            heard.extend(line for line in stream.iter_lines() if line.startswith("event:"))

    listener = threading.Thread(target=follow)
    with proxied.http.stream("GET", f"/v1/jobs/{job}/events", timeout=60) as stream:
        lines = stream.iter_lines()
        for epoch in (1, 2, 3):  # each is heard before the next is written
            record(proxied.service.db, held, epoch)
            assert any(json.loads(line[5:])["epoch"] == epoch for line in lines if '"metrics"' in line)
        listener.start()
        writing(proxied.service.db, claims.finish, held, outcome="succeeded")
        assert any(line == "event: end" for line in lines)
    listener.join(60)
    assert heard[-1] == "event: end"


def test_dashboard_and_documentation_work_in_a_browser(proxied: Proxied, page: Page) -> None:
    page.goto(f"{proxied.url}/")
    page.get_by_role("link", name="Submit", exact=True).click()
    page.get_by_label("Name", exact=True).last.fill("through the proxy")
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_role("heading", name="through the proxy")).to_be_visible()
    expect(page.locator(".live.stream")).to_be_visible()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel it").click()
    expect(page.get_by_role("button", name="Retry", exact=True)).to_be_visible()
    page.get_by_role("link", name="HTTP interface").click()
    expect(page.get_by_text("/v1/jobs/validate")).to_be_visible(timeout=20_000)
    assert page.url == f"{proxied.url}/docs"
