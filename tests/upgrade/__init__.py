import pytest

pytest.register_assert_rewrite("tests.upgrade.everything_goes_on")
