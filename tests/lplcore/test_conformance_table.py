"""The committed table of checks is that of the suite, for the plug-ins that it lists; a new one may be left out."""

from tests.lplcore.conformance_table import PAGE, labels, page


def test_the_committed_table_is_current() -> None:
    committed = PAGE.read_text()
    assert committed == page(only=labels(committed)), "run: python -m tests.lplcore.conformance_table"
