"""Static pages: the dashboard and the interface's documentation. They carry no data, so they need no key."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

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
    return FileResponse(page(DASHBOARD / "index.html"), headers=FRESH)


@router.get("/docs")
def docs() -> FileResponse:
    """The interface's documentation; works with no internet."""
    return FileResponse(page(DOCS / "index.html"), headers={**FRESH, "Content-Security-Policy": DOCS_POLICY})
