"""A plug-in of every kind is one file: it joins spec, catalogue and conformance suite, and a wrong one fails the suite.

The files of `new_plugins` are copied into the folders of a copy of the library, as a contributor adds them. Nothing
else is edited. Right and wrong ones stand side by side: a test that has a wrong one in it counts for that one alone.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

from lplcore.plugin import FOLDERS

ROOT = Path(__file__).parents[2]
NEW = Path(__file__).parent / "new_plugins"
README = (ROOT / "README.md").read_text()
FILES = [f"tests/lplcore/{path.name}" for path in Path(__file__).parent.glob("test_conformance*.py")] + [
    f"tests/lplcore/test_{subject}.py" for subject in ("empty_classes", "presets", "spelling", "studies")
]
LOOK = """
import json, sys, lplcore, pytest
from pathlib import Path
from lplcore.plugin import FOLDERS, names
spec = lplcore.parse_spec({"preset": "new_preset"})
Path("seen.json").write_text(json.dumps({
    "folder": lplcore.__path__[0],
    "names": {kind: names(kind) for kind in FOLDERS},
    "catalog": {folder: [entry["name"] for entry in entries] for folder, entries in lplcore.catalog().items()},
    "schema": json.dumps(lplcore.ExperimentSpec.model_json_schema()),
    "spec": spec.model_dump(mode="json"),
}))
sys.exit(pytest.main(sys.argv[1:]))
"""
IGNORED = shutil.ignore_patterns("__pycache__", "new_plugins", "test_new_plugins.py")


class Answers(NamedTuple):
    """What a Python with the new plug-ins says: of the library, and of the conformance suite on them."""

    folder: Path
    seen: dict[str, Any]
    passed: dict[str, bool]
    """Test -> whether it passed."""
    output: str


def copy_library(folder: Path) -> None:
    """A copy of the library and its tests, with the plug-ins that are new, wrong, or in the README."""
    for name in ("lplcore", "tests/lplcore", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=IGNORED)
    for name in ("tests/__init__.py", "tests/grids.py", "tests/shared_data.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    for which in ("right", "wrong"):
        shutil.copytree(NEW / which, folder / "lplcore", dirs_exist_ok=True, ignore=IGNORED)
    for path, code in re.findall(r"```python\n# (\S+/\S+\.py)\n(.*?)```", README, flags=re.DOTALL):
        (folder / path).write_text(code)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Of one process, whose packages go before those that are installed."""
    folder = tmp_path_factory.mktemp("copy")
    copy_library(folder)
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    answer = subprocess.run(
        [
            sys.executable, "-c", LOOK, "-q", *FILES, "-k", "new_ or margin or committed_table or wrong_",
            "-m", "not campaign and not slow and not gpu", "-p", "no:cacheprovider", "-p", "no:randomly",
            "--junitxml=report.xml",
        ],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    output = answer.stdout + answer.stderr
    assert answer.returncode == pytest.ExitCode.TESTS_FAILED, output
    cases = ElementTree.parse(folder / "report.xml").iter("testcase")
    passed = {case.get("name", ""): case.find("failure") is None and case.find("error") is None for case in cases}
    return Answers(folder, json.loads((folder / "seen.json").read_text()), passed, output)


@pytest.mark.slow
def test_spec_catalogue_and_schema_have_a_plug_in_of_every_kind(answers: Answers) -> None:
    seen = answers.seen
    assert seen["folder"] == str(answers.folder / "lplcore")
    for kind, folder in FOLDERS.items():
        assert f"new_{kind}" in seen["names"][kind]
        assert f"new_{kind}" in seen["catalog"][folder]
        assert kind in ("method", "preset", "study") or f'"new_{kind}"' in seen["schema"]
    assert {"new_table_cross_entropy", "new_table_new_method"} <= set(seen["names"]["preset"])
    spec = seen["spec"]
    assert spec["method"]["perturbations"] == [{"name": "new_perturbation", "strength": 0.5}]
    parts = (spec["dataset"], spec["model"], spec["optimizer"], spec["schedule"], *spec["method"]["targets"])
    assert [part["name"] for part in parts] == [
        "new_dataset", "new_model", "new_optimizer", "new_schedule", "new_target",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_conformance_suite_takes_a_plug_in_of_every_kind_and_those_of_the_readme(answers: Answers) -> None:
    passed = {test: good for test, good in answers.passed.items() if "wrong_" not in test}
    assert all(passed.values()), answers.output
    for name in (*(f"new_{kind}" for kind in FOLDERS), "perturbation-margin", "margin_lpl", "digits_margin_lpl"):
        assert any(name in test for test in passed), name
    assert "test_agrees_with_a_loop_reference_over_three_batches[perturbation-margin]" in passed


@pytest.mark.slow
def test_a_wrong_plug_in_of_every_kind_fails_the_suite(answers: Answers) -> None:
    failed = [test for test, good in answers.passed.items() if not good and "new_" not in test]
    for kind in FOLDERS:
        assert any(f"wrong_{kind}" in test for test in failed), f"{kind}\n{answers.output}"
    assert any(test.startswith("test_classes_may_be_numbered_otherwise[perturbation-wrong") for test in failed)
    assert any(test.startswith("test_all_ways_to_ask_for_the_loss_agree[loss-wrong") for test in failed)
