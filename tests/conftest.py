"""Fixtures of all tests, and their order: what is quick runs first."""

from importlib.util import find_spec

import pytest

# lplcore's tests run where only lplcore's dependencies are installed: no database, no timeouts.
pytest_plugins = ["tests.store.databases"] if find_spec("sqlalchemy") else []

LATER = ("postgres", "long", "slow", "browser", "gpu")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Accept the project's timeout where the plugin that enforces it is not installed."""
    if find_spec("pytest_timeout") is None:
        parser.addini("timeout", "seconds that a test may take (not enforced: pytest-timeout is not installed)")


def pytest_configure(config: pytest.Config) -> None:
    """Accept a test's own timeout likewise."""
    if find_spec("pytest_timeout") is None:
        config.addinivalue_line("markers", "timeout(seconds): what the test may take (not enforced)")


def place(item: pytest.Item) -> int:
    """How late a test runs: unmarked ones first, then those that need more; long ones before others that are slow.

    Several processes share the tests file by file: a long one that came last would keep one of them busy alone.
    """
    marks = {mark.name for mark in item.iter_markers()}
    if "long" in marks:
        return 1 + LATER.index("long")
    return max((1 + LATER.index(name) for name in marks if name in LATER), default=0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is quick runs first."""
    items.sort(key=place)
