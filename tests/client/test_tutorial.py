"""docs/tutorial.md runs line by line, and what it says the commands print they print."""

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from client.service import Service
from tests.service.processes import QUICK

pytestmark = pytest.mark.slow
PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text()
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, flags=re.DOTALL | re.MULTILINE))
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
PHOTOGRAPHS = {"beetle": (60, (30, 90, 30)), "moth": (25, (150, 120, 90)), "wasp": (8, (220, 190, 20))}
"""Class -> number of photographs, and their colour."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the reader's data, where `lpl` is on the path, and a service."""
    folder = tmp_path_factory.mktemp("reader")
    take_photographs(folder / "photos", PHOTOGRAPHS)
    take_photographs(folder / "unsorted", {"new": (3, (30, 90, 30))})
    (folder / "unsorted" / "new").rename(folder / "new")
    write_payments(folder / "payments.csv", 1000, fraud=20)
    write_payments(folder / "new_payments.csv", 5, fraud=None)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (QUICK | {"LPL_PORT": "0"}).items():
            patch.setenv(name, value)
        patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        with Service(data_dir=tmp_path_factory.mktemp("data")) as service:
            patch.setenv("LPL_URL", service.ready_url())
            yield folder


def take_photographs(folder: Path, kinds: Mapping[str, tuple[int, tuple[int, int, int]]]) -> None:
    chance = random.Random(0)
    for kind, (number, colour) in kinds.items():
        (folder / kind).mkdir(parents=True)
        for each in range(number):
            shade = tuple(channel + chance.randint(-20, 20) for channel in colour)
            Image.new("RGB", (40, 32), shade).save(folder / kind / f"{each}.jpg")


def write_payments(file: Path, number: int, *, fraud: int | None) -> None:
    """A table of payments, the first `fraud` of them large and at night; without the column where it is None."""
    chance = random.Random(0)
    lines = ["amount,hour,country" + (",fraud" if fraud is not None else "")]
    for each in range(number):
        odd = each < (fraud or 0)
        amount, hour = chance.lognormvariate(5 if odd else 3, 1), chance.randint(0, 6) if odd else chance.randint(7, 23)
        fields = [f"{amount:.2f}", str(hour), chance.choice(["CH", "DE", "FR"])]
        lines.append(",".join([*fields, *(["yes" if odd else "no"] if fraud is not None else [])]))
    file.write_text("\n".join(lines) + "\n")


def test_the_page_begins_with_the_service() -> None:
    blocks = BLOCK.findall(PAGE.partition("\n## ")[0])
    assert blocks == [("sh", "lpl serve\n")]  # what the fixture starts


@pytest.mark.parametrize("title", SECTIONS)
def test_a_section_runs_line_by_line(title: str, folder: Path) -> None:
    output, names = "", dict[str, Any]()
    for language, text in BLOCK.findall(SECTIONS[title]):
        if language == "sh":
            output = "".join(said(line, folder) for line in text.splitlines())
        elif language == "python":
            exec(compile(text, "docs/tutorial.md", "exec"), names)
        elif output:
            assert not missing(text, output), output
    if "job" in names:
        assert names["job"].state == "succeeded"
        assert len(names["job"].table()) == 1
        assert "test/top1_error" in repr(names["job"].runs[0].curves())
        names["client"].close()


def said(line: str, folder: Path) -> str:
    """What a line of shell prints."""
    answer = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, f"{line}\n{answer.stdout}{answer.stderr}"
    return answer.stdout


def missing(text: str, output: str) -> list[str]:
    """The lines of a text that do not begin a line of the output, spaces aside."""
    printed = [" ".join(line.split()) for line in output.splitlines()]
    return [line for line in text.splitlines() if not any(each.startswith(" ".join(line.split())) for each in printed)]
