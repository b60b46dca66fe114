"""All makers of studies: the paper's tables and figures are found by a scan, others stand here."""

from collections.abc import Mapping
from typing import Any

from api.services.studies.making import Maker
from api.services.studies.paper import paper_makers
from store.database.engine import Session
from store.database.records import Study


def makers() -> Mapping[str, Maker]:
    """Preset of studies -> how it is made."""
    return paper_makers()


def answer_of(session: Session, study: Study) -> dict[str, Any]:
    """What a study that has ended found, read in one snapshot."""
    maker = makers().get(study.preset or "")
    if maker is None or maker.answer is None:
        return {"text": f"This version of the service knows no answer of {study.preset}."}
    return dict(maker.answer(session, study))
