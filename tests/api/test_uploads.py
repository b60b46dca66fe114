"""Uploaded data sets: what is taken, how it is described, and that it goes as it came."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from store import keys, uploads
from store.database.engine import Database
from tests.api.archives import FOLDERS, LABELLED, TABLE, TREE, kept, npz, send, tarred, zipped
from tests.api.service import SPEC, Running, running
from tests.api.test_audit import lines
from tests.api.test_security import bearer
from tests.store.databases import writing

KERAS = {"x_test": "x_val", "y_test": "y_val"}
MEDMNIST = {"x_train": "train_images", "y_train": "train_labels", "x_test": "test_images", "y_test": "test_labels"}
JUNK = {"__MACOSX/._cat": b"x", ".DS_Store": b"x", "cat/Thumbs.db": b"x", "cat/._0.png": b"x"}
IN_FOLDERS = ("single_label", ["cat", "dog"], [4, 4], (8, 0, 2))
IN_TREE = ("single_label", ["cat", "dog"], [3, 3], (6, 6, 6))
FORMATS: dict[str, tuple[bytes, Any]] = {
    "npz": (npz(), ("single_label", ["0", "1", "2"], [40, 20, 6], (66, 0, 33))),
    "npz of MedMNIST": (npz(**MEDMNIST), ("single_label", ["0", "1", "2"], [40, 20, 6], (66, 0, 33))),
    "zip of class folders": (zipped(FOLDERS), IN_FOLDERS),
    "zip with a folder around": (zipped({f"pets/{name}": each for name, each in FOLDERS.items()}), IN_FOLDERS),
    "zip with junk": (zipped({**FOLDERS, **JUNK}), IN_FOLDERS),
    "tar of the folder itself": (tarred({f"./{name}": each for name, each in FOLDERS.items()}), IN_FOLDERS),
    "tar of a tree": (tarred(TREE), IN_TREE),
    "tar.gz": (tarred(TREE, "gz"), IN_TREE),
    "tar.bz2": (tarred(TREE, "bz2"), IN_TREE),
    "tar.xz": (tarred(TREE, "xz"), IN_TREE),
    "zip with labels.csv": (zipped(LABELLED), ("multi_label", ["cat", "dog"], [1, 2], (3, 0, 1))),
    "tar with labels.csv": (tarred(LABELLED), ("multi_label", ["cat", "dog"], [1, 2], (3, 0, 1))),
    "table": (TABLE, ("single_label", ["no", "yes"], [26, 6], (32, 0, 8))),
}


@pytest.mark.parametrize(("content", "facts"), FORMATS.values(), ids=FORMATS)
def test_every_format_is_taken_by_its_content(
    shared: Running, content: bytes, facts: Any, request: pytest.FixtureRequest
) -> None:
    before = kept(shared)
    made = send(shared.http, "sent", content)
    assert made.status_code == 201, made.text
    assert made.headers["location"] == "/v1/datasets/sent"
    described = shared.http.get("/v1/datasets/sent").json()
    assert described == made.json()
    numbers = tuple(described[f"num_{split}"] for split in ("train", "validation", "test"))
    assert (described["task"], described["classes"], described["class_counts"], numbers) == facts
    assert (described["uploaded"], described["available"], len(described["preview"])) == (True, True, len(facts[1]))
    assert Path(described["path"]).stem == "sent"
    assert any("4 files that macOS" in note for note in described["notes"]) == ("junk" in request.node.name)
    validated = shared.http.post("/v1/jobs/validate", json={"dataset": "sent"})
    assert validated.status_code == 200, validated.text
    assert validated.json()["runs_total"] == 3
    assert shared.http.delete("/v1/datasets/sent").status_code == 204
    assert [each for each in kept(shared) if each not in before] in ([], ["uploads", "uploads/.incoming"])
    assert not [each for each in kept(shared) if "u_" in each]


def test_the_hash_is_that_of_the_same_content_registered_by_its_path(service: Running) -> None:
    (service.settings.datasets_dir / "mine.npz").write_bytes(npz())
    there = service.http.post("/v1/datasets", json={"name": "there", "path": "mine.npz"}).json()
    sent = send(service.http, "sent", npz()).json()
    assert sent["sha256"] == there["sha256"]
    assert (sent["uploaded"], there["uploaded"]) == (True, False)


def test_a_repeated_upload_says_that_its_content_is_there(service: Running) -> None:
    assert send(service.http, "twice", npz()).status_code == 201
    before = kept(service)
    again = send(service.http, "twice", npz())
    assert (again.status_code, again.json()["same_content"]) == (409, True)
    assert "same content" in again.json()["detail"]
    other = send(service.http, "twice", npz().replace(b"x_test", b"x_tost"))
    assert other.status_code == 409
    assert "same_content" not in other.json()
    assert kept(service) == before
    builtin = send(service.http, "digits", npz())
    assert (builtin.status_code, builtin.json()["errors"][0]["path"]) == (409, "name")


def test_a_name_that_is_taken_is_refused_before_the_file_has_come(service: Running) -> None:
    assert send(service.http, "taken", npz()).status_code == 201
    with half_sent(service, form_head("taken") + bytes(1000), length=2**32) as connection:
        answer = connection.getresponse()
        assert (answer.status, json.load(answer)["errors"][0]["path"]) == (409, "name")


@contextmanager
def half_sent(service: Running, content: bytes, *, length: int) -> Iterator[http.client.HTTPConnection]:
    """An upload of which so much is sent."""
    url = httpx.URL(service.url)
    connection = http.client.HTTPConnection(url.host, url.port, timeout=20)
    connection.putrequest("POST", "/v1/datasets")
    connection.putheader("Content-Type", "multipart/form-data; boundary=xyz")
    connection.putheader("Content-Length", str(length))
    connection.endheaders(content)
    try:
        yield connection
    finally:
        connection.close()


def form_head(name: str) -> bytes:
    """A form up to the file's first byte."""
    start = f'--xyz\r\nContent-Disposition: form-data; name="name"\r\n\r\n{name}\r\n'
    return f'{start}--xyz\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'.encode()


def hidden(service: Running) -> list[Path]:
    """Folders of uploads that are being received."""
    return list((service.settings.datasets_dir / "uploads" / ".incoming").glob("u_*"))


def wait_for(service: Running, *, some: bool) -> None:
    """Wait until there is a hidden folder or none."""
    pause = threading.Event()
    for _ in range(400):
        if bool(hidden(service)) == some:
            return
        pause.wait(0.05)
    raise AssertionError(hidden(service))


def test_nothing_is_kept_of_a_client_that_goes_in_the_middle(service: Running) -> None:
    with half_sent(service, form_head("gone") + b"PK\3\4" + bytes(300_000), length=2**30):
        wait_for(service, some=True)
        assert not [each for each in kept(service) if each.startswith("uploads/u_")]
        assert service.http.get("/v1/datasets/gone").status_code == 404
    wait_for(service, some=False)
    assert kept(service) == ["uploads", "uploads/.incoming"]
    assert send(service.http, "gone", npz()).status_code == 201


def test_a_key_has_few_uploads_at_once_and_other_requests_go_on(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path, uploads_per_key=1) as service:
        with half_sent(service, form_head("slow") + bytes(1000), length=2**30):
            wait_for(service, some=True)
            refused = send(service.http, "other", npz())
            assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
            assert "LPL_UPLOADS_PER_KEY" in refused.json()["detail"]
            assert service.http.get("/v1/datasets").status_code == 200
        wait_for(service, some=False)
        assert send(service.http, "other", npz()).status_code == 201


def test_an_upload_that_trickles_is_ended(sqlite: Database, tmp_path: Path) -> None:
    with (
        running(sqlite, tmp_path, body_seconds=0.3) as service,
        half_sent(service, form_head("slow"), length=2**30) as connection,
    ):
        assert connection.getresponse().status == 408
        wait_for(service, some=False)
        assert kept(service) == ["uploads", "uploads/.incoming"]


def test_files_go_with_the_data_set_but_not_while_it_is_used(service: Running) -> None:
    (service.settings.datasets_dir / "uploads").mkdir()
    (service.settings.datasets_dir / "uploads" / "mine.npz").write_bytes(npz())
    own = service.http.post("/v1/datasets", json={"name": "own", "path": "uploads/mine.npz"})
    assert own.status_code == 201, own.text
    assert send(service.http, "sent", npz()).status_code == 201
    job = service.http.post("/v1/jobs", json={**SPEC, "dataset": "sent", "batch_size": 16}).json()
    before = kept(service)
    assert service.http.delete("/v1/datasets/sent").status_code == 409
    assert kept(service) == before
    service.http.post(f"/v1/jobs/{job['id']}/cancel")
    assert service.http.delete("/v1/datasets/sent").status_code == 204
    assert service.http.delete("/v1/datasets/own").status_code == 204
    assert kept(service) == ["uploads", "uploads/.incoming", "uploads/mine.npz"]


def test_what_was_uploaded_is_not_registered_by_its_path(service: Running) -> None:
    send(service.http, "sent", zipped(FOLDERS))
    (place,) = [each for each in kept(service) if each.endswith("/sent")]
    refused = service.http.post("/v1/datasets", json={"name": "again", "path": place})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "path")
    assert "was uploaded" in refused.json()["detail"]


def test_uploads_need_the_scope_and_are_audited(sqlite: Database, tmp_path: Path) -> None:
    admin = writing(sqlite, keys.create, name="the admin")[1]
    reader = writing(sqlite, keys.create, name="a reader", scopes=["read"])[1]
    with running(sqlite, tmp_path) as service:
        files = {"file": ("a.npz", npz())}
        for secret, status in ((reader, 403), (admin, 201)):
            answer = service.http.post("/v1/datasets", data={"name": "sent"}, files=files, headers=bearer(secret))
            assert answer.status_code == status
        assert service.http.post("/v1/datasets", data={"name": "sent"}, files=files).status_code == 401
        assert lines(service.http, admin, number=3) == [
            ("a reader", "POST", "/v1/datasets", 403),
            ("the admin", "POST", "/v1/datasets/sent", 201),
            (None, "POST", "/v1/datasets", 401),
        ]


def test_a_page_of_another_origin_cannot_send_a_form(service: Running) -> None:
    """Browsers send forms to other origins without asking first."""
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = service.http.post("/v1/datasets", data={"name": "sent"}, files={"file": ("a", npz())}, headers=headers)
        assert answer.status_code == 403, answer.text
    assert kept(service) == []


def test_what_a_dead_process_left_is_swept_and_nothing_else(service: Running) -> None:
    assert send(service.http, "sent", npz()).status_code == 201
    root = service.settings.datasets_dir / "uploads"
    (known,) = root.glob("u_*")
    lost, shown, others = (f"u_{n:024x}" for n in range(3))
    for folder in (root / ".incoming" / lost, root / shown, root / others):
        folder.mkdir()
        (folder / "content").write_bytes(b"x")
    for name in (lost, shown, known.name):
        (root / ".incoming" / f"{name}.lock").touch()
    wait_for(service, some=False)
    assert (root / others / "content").exists(), "without a lock it may belong to another database"
    assert not (root / shown).exists()
    assert service.http.get("/v1/datasets/sent").json()["available"] is True


def test_two_deletions_and_a_sweep_at_once_do_no_harm(service: Running) -> None:
    assert send(service.http, "sent", npz()).status_code == 201
    statuses: list[int] = []
    ask = [
        threading.Thread(target=lambda: statuses.append(httpx.delete(f"{service.url}/v1/datasets/sent").status_code))
        for _ in range(2)
    ]
    for thread in ask:
        thread.start()
    uploads.sweep(service.db, service.settings.datasets_dir)
    for thread in ask:
        thread.join()
    assert sorted(statuses) == [204, 404]
    wait_for(service, some=False)
    assert kept(service) == ["uploads", "uploads/.incoming"]
