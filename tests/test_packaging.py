"""What each way of installing brings along."""

import json
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LIBRARY = {"torch", "torchvision", "numpy", "safetensors", "simplejpeg"}
OURS = {"api", "client", "lplcore", "migrations", "store", "worker"}
BARE = """
import importlib.abc, json, sys
allowed = set(json.loads(sys.argv[1])) | set(sys.stdlib_module_names)
class Bare(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        top = name.partition(".")[0]
        if top not in allowed and not top.startswith(("_", "__editable__")):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Bare())
"""


def brought(*extras: str) -> set[str]:
    """Every package that an installation with these extras brings, by the metadata of what is installed here."""
    pending = [Requirement(text) for text in PROJECT["dependencies"]]
    pending += [Requirement(text) for extra in extras for text in PROJECT["optional-dependencies"][extra]]
    found: set[tuple[str, str]] = set()
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in found or not fits(requirement, ""):
                continue
            found.add((name, extra))
            pending += needed_by(name, extra)
    return {name for name, _ in found}


def needed_by(name: str, extra: str) -> list[Requirement]:
    """What a package needs, or needs for one of its extras."""
    if name == PROJECT["name"]:
        return [Requirement(text) for text in PROJECT["optional-dependencies"].get(extra, [])]
    try:
        needed = [Requirement(text) for text in requires(name) or []]
    except PackageNotFoundError:
        return []  # not for this platform
    return [Requirement(str(each).partition(";")[0]) for each in needed if fits(each, extra)]


def fits(requirement: Requirement, extra: str) -> bool:
    """Whether a requirement holds here, for an extra."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def in_bare_environment(program: str, *extras: str) -> "subprocess.CompletedProcess[str]":
    """Run a program that can import only what an installation with these extras brings."""
    packages = brought(*extras)
    modules = [
        module
        for module, owners in packages_distributions().items()
        if {canonicalize_name(owner) for owner in owners} & packages
    ]
    command = [sys.executable, "-c", BARE + program, json.dumps([*modules, *OURS])]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)


def test_the_base_needs_pydantic_alone_and_the_client_no_torch() -> None:
    assert PROJECT["dependencies"] == ["pydantic>=2.11"]
    client = brought("client")
    assert {"pydantic", "httpx", "pyyaml", "rich", "typer"} <= client
    assert not client & {*LIBRARY, "sqlalchemy", "fastapi", "celery", "scikit-learn"}


def test_the_service_brings_the_library() -> None:
    assert brought("library") >= LIBRARY
    assert brought("service") >= {*LIBRARY, "fastapi", "celery", "sqlalchemy"}


@pytest.mark.slow
@pytest.mark.parametrize("module", ["client", "client.cli", "client.demo"])
def test_the_client_works_with_what_its_extra_brings(module: str) -> None:
    answer = in_bare_environment(f"import {module}; print('imported')", "client")
    assert answer.stdout == "imported\n", answer.stderr


@pytest.mark.slow
def test_lplcore_works_with_what_its_extra_brings() -> None:
    answer = in_bare_environment("import lplcore; print(lplcore.criterion('lpl', class_counts=[3, 2]))", "library")
    assert answer.returncode == 0, answer.stderr


@pytest.mark.slow
def test_the_estimator_alone_asks_for_scikit_learn() -> None:
    answer = in_bare_environment("import lplcore; print('imported'); lplcore.LplClassifier", "library")
    assert answer.stdout == "imported\n"
    assert "lplcore.LplClassifier needs scikit-learn" in answer.stderr
    assert "scikit-learn" in brought("sklearn")


@pytest.mark.slow
def test_lplcore_without_its_extra_says_which_to_install() -> None:
    answer = in_bare_environment("import lplcore", "client")
    assert "lplcore needs torch, which is not installed; pip install 'lpl-service[library]'" in answer.stderr or (
        "lplcore needs numpy, which is not installed; pip install 'lpl-service[library]'" in answer.stderr
    )


@pytest.mark.slow
def test_a_command_of_the_service_says_which_extra_it_needs() -> None:
    program = "from client.cli import status; raise SystemExit(status(['db', 'current']))"
    answer = in_bare_environment(program, "client")
    assert answer.returncode == 1
    assert "pip install 'lpl-service[service]'" in answer.stderr
