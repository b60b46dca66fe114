"""Folders of uploads: shown with their record or not at all, removed by whoever comes last."""

import threading
from pathlib import Path
from typing import Any

import pytest

from store import datasets, uploads
from store.database.engine import Database
from store.errors import NotFound
from tests.store.databases import reading, writing

NOTHING = ["uploads", "uploads/.incoming"]


def upload(db: Database, folder: Path, name: str) -> Path:
    """Receive a file and keep it; where it lies."""
    with uploads.receiving(db, folder) as incoming:
        (incoming.folder / "content").write_bytes(b"x")
        incoming.show()
        facts = {"upload": {"id": incoming.id}}
        options: dict[str, Any] = {
            "format": "arrays",
            "path": str(incoming.place),
            "task": "single_label",
            "sha256": None,
        }
        writing(db, datasets.add, name=name, info=facts, **options)
    return incoming.place


def below(folder: Path) -> list[str]:
    """All files and folders."""
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*"))


def test_an_upload_is_shown_with_its_record_and_goes_with_it(db: Database, tmp_path: Path) -> None:
    folder = tmp_path / "datasets"
    first, second = upload(db, folder, "first"), upload(db, folder, "second")
    assert [reading(db, datasets.has_upload, each) for each in (first.name, second.name, "u_0")] == [True, True, False]
    uploads.sweep(db, folder)
    uploads.delete(db, folder, "first")
    assert (first.exists(), second.exists()) == (False, True)
    with pytest.raises(NotFound):
        uploads.delete(db, folder, "first")
    uploads.delete(db, folder, "second")
    assert below(folder) == NOTHING


@pytest.mark.parametrize("shown", [False, True])
def test_nothing_is_left_of_an_upload_without_a_record(db: Database, tmp_path: Path, shown: bool) -> None:
    folder = tmp_path / "datasets"
    with uploads.receiving(db, folder) as incoming:
        (incoming.folder / "content").write_bytes(b"x")
        if shown:
            incoming.show()
    assert below(folder) == NOTHING


def test_a_sweep_leaves_an_upload_that_is_under_way(db: Database, tmp_path: Path) -> None:
    folder = tmp_path / "datasets"
    with uploads.receiving(db, folder) as incoming:
        sweep = threading.Thread(target=uploads.sweep, args=(db, folder))
        sweep.start()
        sweep.join(30)
        assert not sweep.is_alive()
        assert incoming.folder.is_dir()
    assert below(folder) == NOTHING


def test_what_cannot_be_settled_now_is_settled_by_a_sweep(tmp_path: Path, migrated_file: Path) -> None:
    """The database is away as a shown upload fails: whether its record was written is not known."""
    db = Database(f"sqlite:///{migrated_file}")
    away = Database(f"sqlite:///{tmp_path / 'nowhere' / 'none.sqlite3'}")
    folder = tmp_path / "datasets"
    with uploads.receiving(away, folder) as incoming:
        incoming.show()
    assert incoming.place.exists()
    uploads.sweep(away, folder)
    assert incoming.place.exists()
    uploads.sweep(db, folder)
    assert below(folder) == NOTHING
    db.dispose()
    away.dispose()
