"""The committed pages are what their source builds, byte for byte, and nothing else lies beside them."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.dashboard.bundle import ROOT, build, copied

ASSETS = Path("api/dashboard/assets")


def files(root: Path) -> dict[str, bytes]:
    """The built files by name."""
    return {path.name: path.read_bytes() for path in (root / ASSETS).iterdir()}


@pytest.mark.campaign
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    shutil.which("npm", path=str(Path(sys.executable).parent)) is None, reason="there is no npm: make dashboard"
)
def test_the_committed_pages_are_what_the_source_builds(tmp_path: Path) -> None:
    copied(tmp_path)
    build(tmp_path)
    built, committed = files(tmp_path), files(ROOT)
    assert sorted(built) == sorted(committed)
    assert [name for name in built if built[name] != committed[name]] == []


def test_the_pages_name_only_files_that_are_there() -> None:
    there = set(files(ROOT))
    page = (ROOT / "api/dashboard/index.html").read_text()
    named = set(re.findall(r'assets/([\w.-]+)"', page))
    for name, content in files(ROOT).items():
        if name.endswith(".js"):
            named |= set(re.findall(r'"\./([\w-]+\.js)"', content.decode()))
    assert named
    assert named <= there


def test_the_licences_of_what_is_bundled_are_there() -> None:
    text = (ROOT / ASSETS / "LICENSES.txt").read_text()
    for package in ("preact", "@preact/signals", "@tanstack/virtual-core", "echarts", "zrender", "temml", "yaml"):
        assert f"\n{package} " in text, package
