"""Fixtures of all tests, and their order: what is quick runs first."""

import pytest

pytest_plugins = ["tests.store.databases"]

LATER = ("postgres", "slow", "browser", "gpu")


def place(item: pytest.Item) -> int:
    """How late a test runs: unmarked ones first, then those that need more."""
    return max((1 + LATER.index(mark.name) for mark in item.iter_markers() if mark.name in LATER), default=0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is quick runs first."""
    items.sort(key=place)
