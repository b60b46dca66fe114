"""Text that UTF-8 or PostgreSQL cannot hold, wherever it enters the database."""

import json

import pytest
from sqlalchemy import text

from store import audit, events, jobs, metrics, workers
from store.characters import clean, clean_all, from_json, to_json
from store.database.engine import Database
from store.lifecycle import claims
from tests.store.databases import reading, writing
from tests.store.test_life_cycle import SPEC, claim, submit

UNFIT = {"an unpaired surrogate": "a\udcffb", "a high one at the end": "a\ud800", "NUL": "a\x00b"}
every_unfit = pytest.mark.parametrize("given", list(UNFIT.values()), ids=list(UNFIT))


@every_unfit
def test_text_that_cannot_be_kept_is_replaced_in_logs_messages_and_names(db: Database, given: str) -> None:
    kept = clean(given)
    job = submit(db, name=given, tags=[given, kept], dataset={"name": given})
    worker = writing(db, workers.register, hostname=given, pid=1, device="cpu", device_name=given, version="1")
    held = claim(db, worker)
    writing(db, metrics.record_start, held, {"class_names": [given], "class_counts": [1], "notes": [{given: given}]})
    writing(db, claims.log, held, "warning", given)
    run = writing(db, claims.finish, held, outcome="failed", reason="error", message=given)
    writing(db, audit.record_command, given, status=201)
    found = reading(db, jobs.get, job.id)
    assert (found.name, found.tags, found.spec["dataset"]["name"]) == (kept, [kept, kept], kept)
    assert (run.message, run.info["class_names"], run.info["notes"]) == (kept, [kept], [{kept: kept}])
    assert [event.data["message"] for event in reading(db, events.logs, run.id)] == [kept, f"failed: error: {kept}"]
    assert [item.id for item in reading(db, jobs.list_jobs, tag=given).items] == [job.id]
    assert [item.id for item in reading(db, jobs.list_jobs, name=given).items] == [job.id]
    assert reading(db, workers.list_workers, silent_after=60)[0].hostname == kept
    kept.encode()


@every_unfit
def test_what_earlier_versions_wrote_can_be_read_again(db: Database, given: str) -> None:
    submit(db)
    held = claim(db)
    writing(db, claims.log, held, "info", "placeholder")
    with db.engine.begin() as connection:
        data = json.dumps({"run": held.run_id, "level": "info", "message": given})
        change = text("UPDATE events SET data = :data WHERE kind = 'log'")
        connection.execute(change, {"data": data})
    (line,) = reading(db, events.logs, held.run_id)
    assert line.data["message"] == clean(given)


def test_proper_text_is_kept_as_it_is() -> None:
    proper = {"emoji 😀": ["Gänse", "\\ud800 written out", 1.5, None, True, ("x",)]}
    assert from_json(to_json(proper)) == json.loads(json.dumps(proper))
    assert clean_all(proper) == proper
    assert clean("😀\n") == "😀\n"
    assert clean_all(SPEC) == SPEC
