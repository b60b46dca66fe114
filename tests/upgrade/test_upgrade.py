"""Version 0.1.0's data directory and SQLite database under this version."""

import pytest

from tests.upgrade import everything_goes_on

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class TestSqlite(everything_goes_on.EverythingGoesOn):
    kind = "sqlite"
