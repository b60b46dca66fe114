"""Static pages: whole files, with or without their content."""

import httpx
import pytest

PAGES = ("/", "/docs", "/docs/assets/start.js")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "wanted", ["bytes=0-3", "bytes=99999999-", "bytes=5-2", "bytes=x", "lines=1-2", "bytes", "bytes=1-2,4-5", "="]
)
def test_a_range_of_a_page_is_ignored(refusing: httpx.Client, path: str, wanted: str) -> None:
    whole, asked = refusing.get(path), refusing.get(path, headers={"Range": wanted})
    assert (asked.status_code, asked.content) == (200, whole.content)
    assert asked.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.parametrize("path", [*PAGES, "/healthz", "/readyz"])
def test_pages_have_heads(refusing: httpx.Client, path: str) -> None:
    head, whole = refusing.head(path), refusing.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    assert refusing.head("/assets/none.js").status_code == 404
