"""Static pages: the dashboard and the interface's documentation. They carry no data, so they need no key."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

router = APIRouter(include_in_schema=False)
API = Path(__file__).parent.parent
DASHBOARD, DOCS = API / "dashboard", API / "docs_page"


@router.get("/")
def dashboard() -> FileResponse:
    """The dashboard."""
    return FileResponse(DASHBOARD / "index.html", headers={"Cache-Control": "no-cache"})


@router.get("/docs")
def docs() -> FileResponse:
    """The interface's documentation; works with no internet."""
    return FileResponse(DOCS / "index.html")
