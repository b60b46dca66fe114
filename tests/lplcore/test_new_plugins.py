"""A plug-in of every kind is one file: it joins spec, catalogue and conformance suite, and a wrong one fails the suite.

The files of `new_plugins` are copied into the folders of a copy of the library, as a contributor adds them. Nothing
else is edited.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lplcore.plugin import FOLDERS

ROOT = Path(__file__).parents[2]
NEW = Path(__file__).parent / "new_plugins"
README = (ROOT / "README.md").read_text()
FILES = [f"tests/lplcore/{path.name}" for path in Path(__file__).parent.glob("test_conformance*.py")] + [
    f"tests/lplcore/test_{subject}.py" for subject in ("empty_classes", "presets", "spelling")
]
LOOK = """
import json, lplcore
from lplcore.plugin import FOLDERS, names
spec = lplcore.parse_spec({"preset": "new_preset"})
print(json.dumps({
    "folder": lplcore.__path__[0],
    "names": {kind: names(kind) for kind in FOLDERS},
    "catalog": {folder: [entry["name"] for entry in entries] for folder, entries in lplcore.catalog().items()},
    "schema": json.dumps(lplcore.ExperimentSpec.model_json_schema()),
    "spec": spec.model_dump(mode="json"),
}))
"""


def copy_with(folder: Path, which: str) -> Path:
    """A copy of the library and its tests with the plug-ins of a folder."""
    ignored = shutil.ignore_patterns("__pycache__", "new_plugins", "test_new_plugins.py")
    shutil.copytree(ROOT / "lplcore", folder / "lplcore", ignore=ignored)
    shutil.copytree(ROOT / "tests" / "lplcore", folder / "tests" / "lplcore", ignore=ignored)
    for name in ("tests/__init__.py", "tests/grids.py", "tests/shared_data.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copytree(NEW / which, folder / "lplcore", dirs_exist_ok=True, ignore=ignored)
    return folder


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_with(tmp_path_factory.mktemp("right"), "right")
    for path, code in re.findall(r"```python\n# (\S+/\S+\.py)\n(.*?)```", README, flags=re.DOTALL):
        (folder / path).write_text(code)
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in a folder, whose packages go before those that are installed."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def suite(folder: Path, names: str) -> tuple[str, dict[str, bool]]:
    """Output of the conformance suite on plug-ins whose names have a word in common; test -> whether it passed."""
    report = folder / "report.xml"
    answer = run(
        folder, "-m", "pytest", "-q", *FILES, "-k", names, "-m", "not campaign and not slow and not gpu",
        "-p", "no:cacheprovider", "-p", "no:randomly", f"--junitxml={report}",
    )  # fmt: skip
    cases = ElementTree.parse(report).iter("testcase")
    passed = {case.get("name", ""): case.find("failure") is None and case.find("error") is None for case in cases}
    return answer.stdout + answer.stderr, passed


@pytest.mark.slow
def test_spec_catalogue_and_schema_have_a_plug_in_of_every_kind(right: Path) -> None:
    answer = run(right, "-c", LOOK)
    assert answer.returncode == 0, answer.stderr
    seen = json.loads(answer.stdout)
    assert seen["folder"] == str(right / "lplcore")
    for kind, folder in FOLDERS.items():
        assert f"new_{kind}" in seen["names"][kind]
        assert f"new_{kind}" in seen["catalog"][folder]
        assert kind in ("method", "preset") or f'"new_{kind}"' in seen["schema"]
    spec = seen["spec"]
    assert spec["method"]["perturbations"] == [{"name": "new_perturbation", "strength": 0.5}]
    parts = (spec["dataset"], spec["model"], spec["optimizer"], spec["schedule"], *spec["method"]["targets"])
    assert [part["name"] for part in parts] == [
        "new_dataset", "new_model", "new_optimizer", "new_schedule", "new_target",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_conformance_suite_takes_a_plug_in_of_every_kind_and_those_of_the_readme(right: Path) -> None:
    output, passed = suite(right, "new_ or margin or committed_table")
    assert all(passed.values()), output
    for name in (*(f"new_{kind}" for kind in FOLDERS), "perturbation-margin", "margin_lpl", "digits_margin_lpl"):
        assert any(name in test for test in passed), name
    assert "test_agrees_with_a_loop_reference_over_three_batches[perturbation-margin]" in passed


@pytest.mark.slow
def test_a_wrong_plug_in_of_every_kind_fails_the_suite(tmp_path: Path) -> None:
    output, passed = suite(copy_with(tmp_path, "wrong"), "wrong_")
    failed = [test for test, good in passed.items() if not good]
    for kind in FOLDERS:
        assert any(f"wrong_{kind}" in test for test in failed), f"{kind}\n{output}"
    assert any(test.startswith("test_classes_may_be_numbered_otherwise[perturbation-wrong") for test in failed)
    assert any(test.startswith("test_all_ways_to_ask_for_the_loss_agree[loss-wrong") for test in failed)
