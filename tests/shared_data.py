"""Real data beside the project, for tests that are skipped where they are absent."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("LPL_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))


def shared_file(name: str) -> Path:
    """The file of that name; skips the test where it is absent."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"{name} is not in {FOLDER}; set LPL_SHARED_DATA to the folder that has it")
    return path


def shared_page(name: str) -> str:
    """The text of that name beside the folder of data; skips the test where it is absent."""
    path = FOLDER.parent / name
    if not path.is_file():
        pytest.skip(f"{name} is not in {path.parent}; set LPL_SHARED_DATA to the folder `data` beside it")
    return path.read_text()
