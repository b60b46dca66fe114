"""A service on what version 0.1.0 left behind."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.processes import QUICK, Process, serving
from tests.store.databases import fresh_postgres
from tests.upgrade.everything_goes_on import Upgraded
from tests.upgrade.make_fixture import DATA_DIR
from tests.upgrade.version_0_1_0 import move_datasets, read_json, restore, unpack


@pytest.fixture(scope="class")
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """The data of version 0.1.0 on a kind of database, migrated and served."""
    kind = request.cls.kind
    folder = unpack(kind, tmp_path_factory.mktemp("version-0.1.0"))
    expected, data_dir = read_json(folder / "expected.json"), folder / DATA_DIR
    environment: dict[str, str] = {}
    with contextlib.ExitStack() as ending:
        url = f"sqlite:///{data_dir / 'lpl.sqlite3'}"
        if kind == "postgres":
            url = ending.enter_context(fresh_postgres(request.getfixturevalue("postgres_server")))
            restore(folder / "database.sql", url)
            environment["LPL_DATABASE_URL"] = url
        upgrade(folder, environment)
        move_datasets(url, expected["data_dir"], data_dir)
        yield Upgraded(ending.enter_context(serving(data_dir, **environment)), expected)


def upgrade(folder: Path, environment: dict[str, str]) -> None:
    """`lpl db upgrade`."""
    given = {**QUICK, "LPL_DATA_DIR": str(folder / DATA_DIR), **environment}
    process = Process(["db", "upgrade"], log_path=folder / "upgrade.log", environment=given)
    assert process.wait() == 0, process.output
