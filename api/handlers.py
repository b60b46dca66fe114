"""How handlers run: plain functions in a thread of the pool, and what is around them without any."""

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool


class Threaded(APIRoute):
    """A route whose plain handler runs in a thread of the pool.

    The framework does so by itself, but then waits for a second thread to check the answer, which is an instance of the
    answer's model already.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, in_thread(endpoint), **options)


def in_thread(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The handler as a coroutine; one that is a coroutine already stays as it is."""
    if iscoroutinefunction(handler):
        return handler

    @wraps(handler)
    async def run(**inputs: Any) -> Any:
        return await run_in_threadpool(handler, **inputs)

    return run
