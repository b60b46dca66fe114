"""Uploads that are refused: with the reason, and nothing is kept of them."""

import gzip
import io
import stat
import struct
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from store.database.engine import Database
from tests.api.archives import (
    DEVICE,
    FOLDERS,
    LABELLED,
    SYMLINK,
    TABLE,
    kept,
    npz,
    odd_member,
    picture,
    send,
    tarred,
    zipped,
)
from tests.api.archives import zipped_as as zip_as
from tests.api.service import Running, running
from tests.grids import campaign

UMLAUT = "cat/\u00e4.png"
PICKLED = io.BytesIO()
np.savez(PICKLED, x_train=np.zeros((2, 3)), y_train=np.array([{"a": 1}, 2], dtype=object))


def with_one(name: str, content: bytes = b"x") -> dict[str, bytes]:
    """Class folders and one more file."""
    return {**FOLDERS, name: content}


def doubled_zip() -> bytes:
    """A zip that has a name twice; `zipfile` warns of it, and writes it."""
    content = zipped(with_one("cat/9.png", picture(9)))
    return content.replace(b"cat/9.png", b"cat/0.png")


def flagged(content: bytes, *, encrypted: bool = False, method: int | None = None) -> bytes:
    """A zip whose first member is said to be encrypted, or compressed by another method."""
    changed = bytearray(content)
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = content.index(mark)
        if encrypted:
            changed[place + flags] |= 1
        if method is not None:
            changed[place + flags + 2 : place + flags + 4] = struct.pack("<H", method)
    return bytes(changed)


def long_remark() -> bytes:
    """A tar whose remark on a file is said to take 200 MB; so many zeros compress to little."""
    head = tarfile.TarInfo("x")
    head.type, head.size = tarfile.XHDTYPE, 200_000_000
    return gzip.compress(head.tobuf()) + zeros(200)


def zeros(mebibytes: int) -> bytes:
    """Zeros as gzip has them, in pieces of a mebibyte."""
    return gzip.compress(bytes(2**20)) * mebibytes


def zip_of_zeros(mebibytes: int) -> bytes:
    """A zip that expands a thousand times."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open("a", "w") as member:
        for _ in range(mebibytes):
            member.write(bytes(2**20))
    return file.getvalue()


def tar_of_zeros(mebibytes: int) -> bytes:
    """A compressed tar that expands a thousand times; its file is one that is not even kept."""
    head = tarfile.TarInfo("__MACOSX/zeros")
    head.size = mebibytes * 2**20
    return gzip.compress(head.tobuf()) + zeros(mebibytes + 1)


def many_remarks() -> bytes:
    """A tar in which each remark on a file is about another."""
    remark = tarfile.TarInfo("x")
    remark.type, remark.size = tarfile.GNUTYPE_LONGNAME, 512
    return (remark.tobuf() + bytes(512)) * 5000


TAR = tarred(FOLDERS)
REFUSED: dict[str, tuple[bytes, str]] = {
    "zip, leads out": (zipped(with_one("../cat/x.png")), "leads out of the archive"),
    "zip, leads out on the way": (zipped(with_one("cat/../../x.png")), "leads out of the archive"),
    "zip, absolute": (zipped(with_one("/etc/x.png")), "is absolute"),
    "zip, drive": (zipped(with_one("C:/x.png")), "is absolute"),
    "zip, backslash": (zipped(with_one("cat\\..\\..\\x.png")), "characters that no name"),
    "zip, line feed": (zipped(with_one("cat/a\nb.png")), "characters that no name"),
    "zip, long": (zipped(with_one(f"cat/{'x' * 300}.png")), "too long"),
    "zip, deep": (zipped(with_one("a/" * 40 + "x.png")), "too long"),
    "zip, link": (zip_as(SYMLINK), "is a link"),
    "zip, device": (zip_as(DEVICE), "neither a file nor a folder"),
    "zip, pipe": (zip_as(stat.S_IFIFO), "neither a file nor a folder"),
    "zip, encrypted": (flagged(zipped(FOLDERS), encrypted=True), "is encrypted"),
    "zip, unknown method": (flagged(zipped(FOLDERS), method=77), "damaged"),
    "zip, twice": (doubled_zip(), "is there twice"),
    "zip, other case": (zipped(with_one("cat/0.PNG")), "is there twice"),
    "zip, other case of a folder": (zipped(with_one("Cat/9.png")), "is there twice"),
    "zip, other form": (
        zipped({**with_one(UMLAUT), unicodedata.normalize("NFD", UMLAUT): b"x"}),
        "is there twice",
    ),
    "zip, file and folder": (zipped(with_one("cat/0.png/x.png")), "is there twice"),
    "zip, truncated": (zipped(FOLDERS)[:-40], "damaged"),
    "zip, cut at its head": (zipped(FOLDERS)[:30], "damaged"),
    "zip, empty": (zipped({}), "neither labels.csv"),
    "zip, wrong checksum": (zipped(FOLDERS, zipfile.ZIP_STORED).replace(b"IDAT", b"IDAX", 1), "damaged"),
    "zip in a zip": (zipped({"inner.zip": zipped(FOLDERS)}), "neither labels.csv"),
    "zip of one class": (zipped({name: each for name, each in FOLDERS.items() if "cat" in name}), "class folders"),
    "tar, leads out": (tarred(with_one("../x.png")), "leads out of the archive"),
    "tar, absolute": (tarred(with_one("/etc/x.png")), "is absolute"),
    "tar, symbolic link": (tarred(FOLDERS, "gz", odd_member(tarfile.SYMTYPE, link="/etc/passwd")), "is a link"),
    "tar, hard link": (tarred(FOLDERS, "", odd_member(tarfile.LNKTYPE, link="cat/0.png")), "is a link"),
    "tar, device": (tarred(FOLDERS, "", odd_member(tarfile.CHRTYPE)), "neither a plain file"),
    "tar, pipe": (tarred(FOLDERS, "", odd_member(tarfile.FIFOTYPE)), "neither a plain file"),
    "tar, twice": (tarred(FOLDERS, "", odd_member(tarfile.REGTYPE, "cat/0.png")), "is there twice"),
    "tar, no name": (tarred(FOLDERS, "", odd_member(tarfile.REGTYPE, ".")), "no name of a file"),
    "tar, cut in a file": (TAR[:1000], "unexpected end"),
    "tar, cut between files": (TAR[: TAR.index(b"dog/")], "breaks off"),
    "tar, damaged head": (TAR.replace(b"dog/2.png", b"dog/x.png", 1), "breaks off"),
    "tar.gz, cut": (tarred(FOLDERS, "gz")[:-20], "breaks off"),
    "tar.gz, damaged at its end": (tarred(FOLDERS, "gz")[:-8] + bytes(8), "damaged"),
    "tar.bz2, cut": (tarred(FOLDERS, "bz2")[:-20], "breaks off"),
    "tar.xz, cut": (tarred(FOLDERS, "xz")[:-20], "breaks off"),
    "tar.xz, damaged": (tarred(FOLDERS, "xz")[:200] + bytes(100) + tarred(FOLDERS, "xz")[300:], "damaged"),
    "gz of no tar": (gzip.compress(b"no tar" * 1000), "damaged"),
    "tar, long remark": (long_remark(), "damaged"),
    "tar, many remarks": (many_remarks(), "damaged"),
    "image that is none": (zipped(with_one("cat/x.png", b"no image")), "x.png"),
    "image that breaks off": (zipped(with_one("cat/x.png", picture(3)[:50])), "x.png"),
    "image by a wrong ending": (zipped(with_one("cat/x.jpg", b"<svg/>")), "x.jpg"),
    "missing image": (
        zipped({**LABELLED, "labels.csv": b"split,file,labels\ntrain,z.png,cat\ntrain,a.png,dog\n"}),
        "z.png",
    ),
    "labels that lead out": (
        zipped({**LABELLED, "labels.csv": b"split,file,labels\ntrain,../../../../lpl.sqlite3,cat|dog\n"}),
        "line 2",
    ),
    "pickled arrays": (PICKLED.getvalue(), "pickled objects"),
    "npz, cut": (npz()[:-300], "damaged"),
    "npz, half of it": (zipped({"x_train.npy": b"x"}), "lacks y_train"),
    "a single array": (b"\x93NUMPY\1\0" + bytes(200), "cannot be read"),
    "nothing": (b"", "is empty"),
    "a picture": (picture(1), "no .npz, zip, tar"),
    "a program": (b"\x7fELF" + bytes(100), "no .npz, zip, tar"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_fit_is_refused_with_the_reason(shared: Running, content: bytes, words: str) -> None:
    before = kept(shared)
    answer = send(shared.http, "refused", content)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["path"] == "file"
    assert words in error["message"], error
    assert str(shared.settings.data_dir) not in answer.text
    assert set(kept(shared)) - set(before) <= {"uploads", "uploads/.incoming"}
    assert shared.http.get("/v1/datasets/refused").status_code == 404


def test_a_column_that_a_table_lacks_is_named(shared: Running) -> None:
    answer = send(shared.http, "table", TABLE, target="fraud")
    assert answer.status_code == 422, answer.text
    assert [error["path"] for error in answer.json()["errors"]] == ["target"]


ZIP = zipped(FOLDERS)
BODIES: dict[str, tuple[dict[str, str], Any, int, str]] = {
    "no name": ({}, {"file": ("a", ZIP)}, 422, "name"),
    "a bad name": ({"name": "../x"}, {"file": ("a", ZIP)}, 422, "name"),
    "no text in the name": ({"name": "a\x00"}, {"file": ("a", ZIP)}, 422, "name"),
    "a long name": ({"name": "a" * 2000}, {"file": ("a", ZIP)}, 422, "name"),
    "no file": ({}, {"name": (None, "a")}, 422, "file"),
    "a part of another name": ({"name": "a", "path": "x"}, {"file": ("a", ZIP)}, 422, "path"),
    "two files": ({"name": "a"}, [("file", ("a", ZIP)), ("file", ("b", ZIP))], 422, "file"),
    "another task": ({"name": "a", "task": "regression"}, {"file": ("a", ZIP)}, 422, "task"),
    "a task that the labels deny": ({"name": "a", "task": "multi_label"}, {"file": ("a", ZIP)}, 422, "task"),
    "a target without a table": ({"name": "a", "target": "x"}, {"file": ("a", ZIP)}, 422, "target"),
    "many parts": ({"name": "a"}, [("name", (None, "a"))] * 30, 422, "name"),
}


@pytest.mark.parametrize(("data", "files", "status", "path"), BODIES.values(), ids=BODIES)
def test_a_form_that_is_not_fit_names_its_part(
    shared: Running, data: dict[str, str], files: Any, status: int, path: str
) -> None:
    answer = shared.http.post("/v1/datasets", data=data, files=files)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path), answer.text
    assert not [each for each in kept(shared) if "u_" in each]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x\r\n\r\n--x--"),
        ("multipart/form-data; boundary=", b""),
        (f"multipart/form-data; boundary={'x' * 500}", b""),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"no form"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\na'),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\na\r\n--x'),
        ("multipart/form-data; boundary=x", b"--x\r\nA: " + b"x" * 20_000 + b"\r\n\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 5000 + b"\r\n\r\n--x--"),
    ],
)
def test_what_is_no_form_is_refused(shared: Running, kind: str, body: bytes) -> None:
    answer = shared.http.post("/v1/datasets", content=body, headers={"Content-Type": kind})
    assert answer.status_code in (400, 422), answer.text
    assert not [each for each in kept(shared) if "u_" in each]


LIMITS: dict[str, tuple[dict[str, Any], bytes, str]] = {
    "bytes": ({"max_upload_bytes": 1000}, ZIP, "LPL_MAX_UPLOAD_BYTES"),
    "files of a zip": ({"max_upload_files": 9}, ZIP, "more than 9 files"),
    "files of a tar": ({"max_upload_files": 9}, TAR, "more than 9 files"),
    "unpacked zip": ({"max_unpacked_bytes": 1000}, zipped(with_one("zeros", bytes(2000))), "LPL_MAX_UNPACKED_BYTES"),
    "unpacked tar": ({"max_unpacked_bytes": 1000}, tarred(FOLDERS, "gz"), "LPL_MAX_UNPACKED_BYTES"),
    "arrays": ({"max_upload_array_bytes": 1000}, npz(), "LPL_MAX_UPLOAD_ARRAY_BYTES"),
}


@pytest.mark.parametrize(
    ("limits", "content", "words"),
    [limit if place % 3 == 0 else campaign(*limit) for place, limit in enumerate(LIMITS.values())],
    ids=LIMITS,
)
def test_what_is_larger_than_a_limit_is_413(
    sqlite: Database, tmp_path: Path, limits: dict[str, Any], content: bytes, words: str
) -> None:
    with running(sqlite, tmp_path, **limits) as service:
        answer = send(service.http, "large", content)
        assert (answer.status_code, words in answer.json()["detail"]) == (413, True), answer.text
        assert set(kept(service)) <= {"uploads", "uploads/.incoming"}


@pytest.mark.parametrize("bomb", [tar_of_zeros, campaign(zip_of_zeros)])
def test_bombs_are_refused_by_what_they_unpack_to(shared: Running, bomb: Callable[[int], bytes]) -> None:
    answer = send(shared.http, "bomb", bomb(260))
    assert (answer.status_code, "LPL_MAX_UNPACKED_RATIO" in answer.text) == (413, True), answer.text
    assert not [each for each in kept(shared) if "u_" in each]


def test_a_client_that_sends_far_too_much_hears_why(sqlite: Database, tmp_path: Path) -> None:
    """With a length that it says, and without."""
    with running(sqlite, tmp_path, max_upload_bytes=1_000_000) as service:
        url, kind = f"{service.url}/v1/datasets", {"Content-Type": "multipart/form-data; boundary=xyz"}
        start = b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for headers in ({**kind, "Content-Length": str(len(start) + 200 * 2**20)}, kind):
            body = (start if n == 0 else bytes(2**20) for n in range(201))
            answer = httpx.post(url, content=body, headers=headers, timeout=60, verify=False)
            assert (answer.status_code, "1000000 bytes" in answer.json()["detail"]) == (413, True)
        assert set(kept(service)) <= {"uploads", "uploads/.incoming"}


def test_a_folder_that_cannot_be_written_is_told(service: Running) -> None:
    (service.settings.datasets_dir / "uploads").write_bytes(b"in the way")
    answer = send(service.http, "sent", npz())
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert "cannot keep the upload" in answer.json()["detail"]
    assert kept(service) == ["uploads"]
