"""The OpenAPI document."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.middleware.key_ring import is_loopback
from api.middleware.security import READ
from api.problems import ProblemDocument

SUMMARY = """Training jobs for class-imbalanced classification.

Times are UTC (RFC 3339), fractions are fractions, epochs count from 1, identifiers sort by creation time. Errors are
problem documents (RFC 9457). Lists are `{"items": [...], "next": cursor}`.
"""


def describe(app: FastAPI, *, host: str, prefix: str) -> None:
    """Serve the document, made once, at /openapi.json."""
    app.openapi = lambda: document(app, host=host, prefix=prefix)  # type: ignore[method-assign]

    @app.get("/openapi.json", include_in_schema=False, dependencies=[READ])
    def openapi() -> dict[str, Any]:
        """This interface as an OpenAPI document."""
        return app.openapi()


def document(app: FastAPI, *, host: str, prefix: str) -> dict[str, Any]:
    """The document, kept in the application."""
    if app.openapi_schema is None:
        openapi = get_openapi(title=app.title, version=app.version, description=SUMMARY, routes=app.routes)
        schemas = openapi.setdefault("components", {}).setdefault("schemas", {})
        problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= problem.pop("$defs", {})
        schemas[ProblemDocument.__name__] = problem
        if prefix:
            openapi["servers"] = [{"url": prefix}]
        if is_loopback(host):
            make_keys_optional(openapi)
        app.openapi_schema = openapi
    return app.openapi_schema


def make_keys_optional(openapi: dict[str, Any]) -> None:
    """On loopback keys are needed only once there is one."""
    for operations in openapi["paths"].values():
        for operation in operations.values():
            if "security" in operation:
                operation["security"].append({})
