"""Grids of which `make test` has a part; the rest is marked `campaign` and runs in `make test-all`."""

from collections.abc import Iterable
from typing import Any

import pytest


def campaign(*values: Any) -> Any:
    """A set of parameters that only `make test-all` has."""
    return pytest.param(*values, marks=pytest.mark.campaign)


def every(number: int, values: Iterable[Any]) -> list[Any]:
    """Parameters, of which `make test` has the first and every so many-th after it."""
    return [value if place % number == 0 else campaign(value) for place, value in enumerate(values)]


def every_row(number: int, rows: Iterable[tuple[Any, ...]]) -> list[Any]:
    """As `every`, of sets of parameters."""
    return [row if place % number == 0 else campaign(*row) for place, row in enumerate(rows)]
