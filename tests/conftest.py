"""Fixtures of all tests, and their order: what is quick runs first."""

import pytest

pytest_plugins = ["tests.store.databases"]

LATER = ("postgres", "slow", "browser", "gpu")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unmarked tests first, then those that need more."""
    items.sort(key=lambda item: max((1 + LATER.index(m.name) for m in item.iter_markers() if m.name in LATER), default=0))
