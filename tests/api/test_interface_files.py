"""What is written from the interface is current."""

import json

import pytest

from tests.interface import DOCUMENT, WRITTEN, Fields, document_text, text_of


def test_the_committed_document_is_the_service_s() -> None:
    assert DOCUMENT.read_text() == document_text(), "run `python -m tests.interface`"


@pytest.mark.parametrize("fields", WRITTEN, ids=lambda fields: fields.module)
def test_the_fields_of_the_client_are_those_of_the_document(fields: Fields) -> None:
    schemas = json.loads(DOCUMENT.read_text())["components"]["schemas"]
    assert fields.path.read_text() == text_of(fields, schemas), "run `python -m tests.interface`"
