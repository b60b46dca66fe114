"""Version 0.1.0's data directory and PostgreSQL database under this version."""

import pytest

from tests.upgrade import everything_goes_on

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(300)]


class TestPostgres(everything_goes_on.EverythingGoesOn):
    kind = "postgres"
