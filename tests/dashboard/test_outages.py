"""The service goes away and comes back, a proxy answers for it, a key is revoked: pages say so and recover."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from api.process.broker import free_port
from tests.service.processes import QUICK, SPEC, Service

pytestmark = [pytest.mark.browser, pytest.mark.slow]
GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 24\r\nConnection: close\r\n\r\n"
    b"<h1>502 Bad Gateway</h1>"
)


def api(folder: Path, name: str, *, port: int = 0) -> Service:
    """The API alone, without broker and worker."""
    given = ["api", "--port", str(port), "--data-dir", str(folder / "data")]
    return Service(given, log_path=folder / f"{name}.log", environment=QUICK)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A running API."""
    started = api(tmp_path, "first")
    yield started
    started.http.close()
    started.end()


@pytest.fixture
def quiet_page(browser: Browser) -> Iterator[Page]:
    """A page whose console is not looked at: Chromium notes every request that fails."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def job_of(service: Service, name: str) -> str:
    """A submitted job that nobody trains."""
    return str(service.http.post("/v1/jobs", json=SPEC | {"name": name}).json()["id"])


def test_a_killed_service_that_comes_back_is_followed_again(tmp_path: Path, quiet_page: Page) -> None:
    port = free_port()
    first = api(tmp_path, "first", port=port)
    job = job_of(first, "through a kill")
    page = quiet_page
    page.goto(f"http://127.0.0.1:{port}/#/jobs/{job}")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    first.send(signal.SIGKILL)
    first.http.close()
    first.end()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator(".away")).to_contain_text("The service does not answer.")
    expect(page.get_by_role("heading", name="through a kill")).to_be_visible()  # what is there stays
    second = api(tmp_path, "second", port=port)
    try:
        expect(page.locator(".away")).to_have_count(0)
        page.get_by_role("button", name="Pause", exact=True).click()
        expect(page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
        expect(page.locator(".live.stream")).to_be_visible()
        second.http.post(f"/v1/jobs/{job}/cancel")
        expect(page.get_by_role("button", name="Retry", exact=True)).to_be_visible()
    finally:
        second.http.close()
        second.end()


class Proxy:
    """Passes connections on to a service, or answers 502 itself."""

    def __init__(self, target: int) -> None:
        self.broken = False
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._started.wait(30)

    def _run(self) -> None:
        async def start() -> None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port = self._server.sockets[0].getsockname()[1]
            self._started.set()

        self._loop.create_task(start())
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if self.broken:
                writer.write(GATEWAY)
                await writer.drain()
            else:
                behind, ahead = await asyncio.open_connection("127.0.0.1", self._target)
                self._open.add(ahead)
                ahead.write(head)
                await asyncio.gather(relay(reader, ahead), relay(behind, writer))
        writer.close()

    def set_broken(self, broken: bool) -> None:
        """Answer 502 from now on, on new connections alone, or pass on again."""
        self.broken = broken
        for writer in list(self._open):
            self._loop.call_soon_threadsafe(writer.close)

    def stop(self) -> None:
        """End it, and every connection that is still open."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for writer in self._open:
            writer.transport.abort()
        await asyncio.sleep(0)  # connections are told of their end
        await asyncio.sleep(0)


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry what comes to the other side."""
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.mark.campaign
def test_a_proxys_502_is_not_the_services_word(service: Service, quiet_page: Page) -> None:
    proxy = Proxy(int(str(service.http.base_url).rstrip("/").rpartition(":")[2]))
    job_of(service, "behind a proxy")
    page = quiet_page
    page.goto(f"http://127.0.0.1:{proxy.port}/#/")
    expect(page.get_by_role("link", name="behind a proxy")).to_be_visible()
    proxy.set_broken(True)
    expect(page.locator(".away")).to_contain_text("answered 502")
    expect(page.get_by_role("link", name="behind a proxy")).to_be_visible()
    proxy.set_broken(False)
    expect(page.locator(".away")).to_have_count(0)
    job_of(service, "after the outage")
    expect(page.get_by_role("link", name="after the outage")).to_be_visible()
    proxy.stop()


@pytest.mark.campaign
def test_a_revoked_key_is_asked_for_again(service: Service, quiet_page: Page) -> None:
    job = job_of(service, "behind a key")
    first = service.http.post(
        "/v1/keys", json={"name": "first", "scopes": ["admin"]}
    ).json()  # from now on one is needed
    service.http.headers["Authorization"] = f"Bearer {first['secret']}"
    second = service.http.post("/v1/keys", json={"name": "second", "scopes": ["submit"]}).json()
    page = quiet_page
    page.goto(f"{service.http.base_url}#/jobs/{job}")
    dialog = page.get_by_role("dialog", name="API key")
    for key in (second, first):
        dialog.get_by_label("Key", exact=True).fill(key["secret"])
        dialog.get_by_role("button", name="Use this key").click()
        page.get_by_role("button", name="Pause", exact=True).click()
        expect(page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
        page.get_by_role("button", name="Resume", exact=True).click()
        expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
        if key is second:
            assert service.http.delete(f"/v1/keys/{second['id']}").status_code == 204
            page.get_by_role("button", name="Pause", exact=True).click()
            expect(dialog).to_contain_text("does not accept this key any more")


@pytest.mark.campaign
def test_six_tabs_share_one_stream_and_one_allowance(service: Service, browser: Browser) -> None:
    job = job_of(service, "in six tabs")
    context = browser.new_context()
    asked: list[int] = []
    context.on("response", lambda response: asked.append(response.status))
    pages = [context.new_page() for _ in range(6)]
    for page in pages:
        page.goto(f"{service.http.base_url}#/jobs/{job}")
        expect(page.locator(".live.stream")).to_be_visible()
    pages[0].get_by_role("button", name="Pause", exact=True).click()
    for page in pages:
        expect(page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    service.http.post(f"/v1/jobs/{job}/cancel")
    for page in pages:
        expect(page.get_by_role("button", name="Retry", exact=True)).to_be_visible()
    assert 429 not in asked
    context.close()
