"""What is written from the interface is current."""

import json

from tests.interface import (
    COMPARED_FIELDS,
    DESCRIBED_FIELDS,
    DOCUMENT,
    FIELDS,
    compared_text,
    described_text,
    document_text,
    fields_text,
)


def test_the_committed_document_is_the_service_s() -> None:
    assert DOCUMENT.read_text() == document_text(), "run `python -m tests.interface`"


def test_the_fields_of_the_client_are_those_of_the_document() -> None:
    schemas = json.loads(DOCUMENT.read_text())["components"]["schemas"]
    assert FIELDS.read_text() == fields_text(schemas), "run `python -m tests.interface`"
    assert COMPARED_FIELDS.read_text() == compared_text(schemas), "run `python -m tests.interface`"
    assert DESCRIBED_FIELDS.read_text() == described_text(schemas), "run `python -m tests.interface`"
