"""One service of each shape for all promises."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.grids import campaign
from tests.promises.shapes import LONG, Deployed, Embedded, Shape
from tests.store.databases import fresh_postgres


@pytest.fixture(scope="package", params=[campaign("embedded"), pytest.param("deployed", marks=pytest.mark.postgres)])
def shape(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shape]:
    """A running service of either shape."""
    folder = tmp_path_factory.mktemp(request.param)
    with contextlib.ExitStack() as ending:
        if request.param == "embedded":
            running: Shape = Embedded(folder)
        else:
            server = request.getfixturevalue("postgres_server")
            running = Deployed(folder, ending.enter_context(fresh_postgres(server)))
        ending.callback(running.end)
        yield running
        if request.session.testsfailed:
            print(running.account())


@pytest.fixture(scope="package")
def undisturbed(shape: Shape) -> dict[str, Any]:
    """The results of a long run that nothing happens to."""
    (run_id,) = shape.service.submit(**LONG)
    shape.service.succeeded(run_id)
    return shape.service.results(run_id)
