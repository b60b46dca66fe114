"""Data sets from this machine: files and folders go over the wire in blocks and arrive as they are."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from client import Client
from client.cli import status
from client.errors import ApiError
from client.uploads import BLOCK_BYTES, content_of
from tests.api.archives import FOLDERS, npz, zipped
from tests.api.service import Running, running_alone


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that the tests of this file share."""
    folder = tmp_path_factory.mktemp("uploads")
    with running_alone(folder) as served:
        yield served


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A folder of class folders, with what systems leave behind."""
    for name, content in {**FOLDERS, "cat/.DS_Store": b"x", "Thumbs.db": b"x"}.items():
        (tmp_path / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pets" / name).write_bytes(content)
    return tmp_path / "pets"


def test_files_and_folders_are_sent_with_progress(service: Running, pets: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(npz())
    (tmp_path / "zipped").write_bytes(zipped(FOLDERS))
    with Client(service.url) as client:
        for path, classes in ((tmp_path / "mine", 3), (tmp_path / "zipped", 2), (pets, 2)):
            seen: list[tuple[int, int]] = []
            made = client.upload_dataset(path.name, path, progress=lambda *now, seen=seen: seen.append(now))
            assert (len(made.classes), made.uploaded) == (classes, True)
            assert seen[-1][0] == seen[-1][1] > 0
            assert seen == sorted(seen)
        assert client.get_dataset("pets").sha256 == client.get_dataset("zipped").sha256
        with pytest.raises(ApiError, match="same content"):
            client.upload_dataset("pets", pets)
        with pytest.raises(ApiError, match="built-in"):
            client.upload_dataset("digits", pets)
        with pytest.raises(ApiError, match=r"^task: "):
            client.upload_dataset("other", pets, task="multi_label")
        with pytest.raises(ApiError, match="target: names a column"):
            client.upload_dataset("other", pets, target="class")
        for name in ("mine", "zipped", "pets"):
            client.delete_dataset(name)
    assert not list((service.settings.datasets_dir / "uploads").glob("u_*"))


def test_a_packed_folder_is_a_tar_of_its_files_in_order(pets: Path, tmp_path: Path) -> None:
    (pets / "cat" / f"{'x' * 120}.png").write_bytes(b"long name")
    (pets / "dog" / "linked.png").symlink_to(pets / "cat" / "0.png")
    (pets / "loop").symlink_to(pets)
    os.mkfifo(pets / "pipe")
    content = content_of(pets)
    blocks = list(content.blocks())
    assert content.size == sum(map(len, blocks))
    assert max(map(len, blocks)) <= BLOCK_BYTES
    with tarfile.open(fileobj=io.BytesIO(b"".join(blocks))) as archive:
        members = {each.name: each for each in archive}
        assert list(members) == sorted([*FOLDERS, f"cat/{'x' * 120}.png", "dog/linked.png"])
        assert all(each.isreg() for each in members.values())
        linked = archive.extractfile("dog/linked.png")
        assert linked is not None
        assert linked.read() == FOLDERS["cat/0.png"]
    assert blocks == list(content_of(pets).blocks()), "the same for the same files"


def test_a_file_that_changes_while_it_is_sent_is_told(pets: Path) -> None:
    content = content_of(pets)
    (pets / "dog" / "4.png").write_bytes(b"longer" * 1000)
    with pytest.raises(OSError, match="changed while it was sent"):
        list(content.blocks())


def test_the_command_sends_what_is_here_and_registers_what_is_there(
    service: Running, pets: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(pets.parent)
    (service.settings.datasets_dir / "there.npz").write_bytes(npz())
    for arguments, uploaded in (
        (["sent", "pets"], True),
        (["placed", "there.npz"], False),
    ):
        assert status(["--url", service.url, "dataset", "add", *arguments]) == 0
        shown = capsys.readouterr()
        assert "single_label" in shown.out
        assert shown.err == "", "no bar where no terminal is"
        assert service.http.get(f"/v1/datasets/{arguments[0]}").json()["uploaded"] is uploaded
    assert status(["--url", service.url, "dataset", "add", "--in-place", "other", "pets"]) == 1
    assert "there is no file 'pets'" in capsys.readouterr().err
    assert status(["--url", service.url, "dataset", "rm", "sent"]) == 0
    assert "with its files" in capsys.readouterr().out
    assert status(["--url", service.url, "dataset", "rm", "placed"]) == 0
    assert "its file stays" in capsys.readouterr().out
    assert (service.settings.datasets_dir / "there.npz").exists()


def test_the_command_says_why_a_file_is_refused(
    service: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "odd.zip").write_bytes(zipped({**FOLDERS, "../out.png": b"x"}))
    assert status(["--url", service.url, "dataset", "add", "odd", str(tmp_path / "odd.zip")]) == 1
    assert capsys.readouterr().err.startswith("error: file: the name '../out.png' leads out of the archive")
