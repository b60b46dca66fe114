"""docs/client.md names every command, and its code runs."""

import re
from pathlib import Path
from typing import Any

import pytest

from client.entry_points import ABOUT as OTHERS
from client.late_commands import ABOUT
from tests.client.scripted import Asked, Reply, scripted

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text()
COMMANDS = {name for commands in ABOUT.values() for name in commands} | set(OTHERS)
JOB: dict[str, Any] = {"id": "j_1", "state": "succeeded", "runs": [{"id": "r_1", "state": "succeeded"}]}


def test_the_page_names_every_command() -> None:
    (table,) = re.findall(r"## Commands\n\n(.*?)\n\n", PAGE, flags=re.DOTALL)
    named = set(re.findall(r"\w+", " ".join(line.split("|")[1] for line in table.splitlines())))
    assert named >= COMMANDS


def test_the_code_of_the_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(asked: Asked) -> Reply:
        return Reply({"metrics": {}}) if "/metrics" in asked.path else Reply(JOB)

    (block,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    with scripted(answers) as server:
        monkeypatch.setenv("LPL_URL", server.url)
        exec(compile(block, "docs/client.md", "exec"), {})
    assert b"digits" in server.asked[0].body
