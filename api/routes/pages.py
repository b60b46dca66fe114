"""Static pages: the dashboard and the interface's documentation. They carry no data, so they need no key."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from api.problems import Problem

router = APIRouter(include_in_schema=False)
API = Path(__file__).parent.parent
DASHBOARD, DOCS = API / "dashboard", API / "docs_page"
FRESH = {"Cache-Control": "no-cache"}
# Swagger UI sets styles by attribute and draws its icons from data: URLs.
DOCS_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class WholeFile(FileResponse):
    """A file that is always sent whole: the framework answers a bad Range in plain text, and servers may ignore it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        self.headers["Accept-Ranges"] = "none"
        await super().__call__(without_range(scope), receive, send)


class WholeFiles(StaticFiles):
    """A folder of such files."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send one of them."""
        await super().__call__(without_range(scope), receive, send)


def without_range(scope: Scope) -> Scope:
    """The request for the whole."""
    return {**scope, "headers": [header for header in scope["headers"] if header[0] != b"range"]}


def page(path: Path) -> Path:
    """The page's file.

    Raises:
        Problem: 404, this installation lacks it.
    """
    if not path.is_file():
        raise Problem(404, f"this installation has no {path.parent.name}; /docs describes the interface")
    return path


@router.get("/")
def dashboard() -> FileResponse:
    """The dashboard."""
    return WholeFile(page(DASHBOARD / "index.html"), headers=FRESH)


@router.get("/docs")
def docs() -> FileResponse:
    """The interface's documentation; works with no internet."""
    return WholeFile(page(DOCS / "index.html"), headers={**FRESH, "Content-Security-Policy": DOCS_POLICY})
