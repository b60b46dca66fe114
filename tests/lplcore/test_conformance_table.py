"""The committed table of checks is that of the suite."""

from tests.lplcore.conformance_table import PAGE, page


def test_the_committed_table_is_current() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.lplcore.conformance_table"
