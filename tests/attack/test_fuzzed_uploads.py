"""Uploads that nobody vouches for, damaged and hostile: taken or refused, and nothing is kept of the refused ones."""

import asyncio
import io
import stat
import tarfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import late
from api.app import create_app
from store.database.engine import Database
from store.doorbell import Doorbell
from store.settings import Settings
from tests.api.archives import FOLDERS, LABELLED, TREE, npz, picture, tarred, zipped
from tests.attack.test_fuzzed_files import damaged

pytestmark = pytest.mark.timeout(3600)

ALLOWED = {201, 400, 409, 413, 415, 422}
PARTS = (
    "..",
    ".",
    "",
    "cat",
    "Cat",
    "dog",
    "train",
    "test",
    "a.png",
    "A.PNG",
    "~",
    "C:",
    "\\",
    "\x00",
    "\n",
    "x" * 300,
)
ODD_PARTS = (
    *PARTS,
    "a\u0308",
    "\u00e4",
    "\u202e",
    "__MACOSX",
    ".DS_Store",
    "._a.png",
    "labels.csv",
    "classes.txt",
    "x.npy",
)
NAMES = st.lists(st.sampled_from(ODD_PARTS), min_size=1, max_size=4).map("/".join) | st.text(min_size=1, max_size=8)
CONTENTS = st.sampled_from(
    [picture(1), picture(2, "JPEG"), picture(3)[:40], b"", b"x" * 3000, LABELLED["labels.csv"], zipped(FOLDERS), npz()]
) | st.binary(max_size=40)
MEMBERS = st.lists(st.tuples(NAMES, CONTENTS), max_size=5)
MODES = (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO)
TYPES = b"0123456789gxLKSMN\x00"
GOOD = (
    *(zipped(each, method) for each in (FOLDERS, TREE, LABELLED) for method in (zipfile.ZIP_STORED, zipfile.ZIP_LZMA)),
    *(tarred(each, kind) for each in (FOLDERS, LABELLED) for kind in ("", "gz", "bz2", "xz")),
    npz(),
    b"a,b,class\n1,2,x\n3,4,y\n",
)


@st.composite
def hostile_zips(draw: st.DrawFn) -> bytes:
    """Zips with odd names and kinds of members, beside what would be taken."""
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w") as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in [*draw(st.sampled_from([{}, FOLDERS])).items(), *draw(MEMBERS)]:
            member = zipfile.ZipInfo(name)
            member.external_attr = draw(st.sampled_from(MODES)) << 16
            member.compress_type = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
            with_half_characters = any("\ud800" <= character <= "\udfff" for character in name)
            if not with_half_characters:
                archive.writestr(member, content)
    return file.getvalue()


@st.composite
def hostile_tars(draw: st.DrawFn) -> bytes:
    """Tars with odd names, kinds and sizes of members, beside what would be taken."""
    blocks = bytearray(tarred(draw(st.sampled_from([{}, FOLDERS])))[: -2 * tarfile.BLOCKSIZE].rstrip(b"\x00"))
    blocks += bytes(-len(blocks) % tarfile.BLOCKSIZE)
    for name, content in draw(MEMBERS):
        member = tarfile.TarInfo(name.encode("utf-8", "replace").decode())
        member.type, member.linkname = bytes([draw(st.sampled_from(TYPES))]), draw(NAMES)
        member.size = draw(st.sampled_from([len(content)] * 5 + [0, 2**20, 2**40]))
        blocks += member.tobuf(draw(st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])), errors="replace")
        blocks += content + bytes(-len(content) % tarfile.BLOCKSIZE)
    return bytes(blocks) + bytes(draw(st.sampled_from([0, 2])) * tarfile.BLOCKSIZE)


@st.composite
def forms(draw: st.DrawFn) -> bytes:
    """A form around a file; sometimes it is damaged itself."""
    file = draw(damaged(GOOD) | hostile_zips() | hostile_tars() | st.sampled_from(GOOD))
    parts = [b'name="name"\r\n\r\nfuzzed', b'name="file"; filename="x.zip"\r\n\r\n' + file]
    if draw(st.integers(0, 9)) == 0:
        parts.append(draw(st.sampled_from([b'name="task"\r\n\r\nmulti_label', b'name="target"\r\n\r\nclass'])))
    ordered = draw(st.permutations(parts))
    whole = b"".join(b"--xyz\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in ordered) + b"--xyz--\r\n"
    return draw(damaged([whole])) if draw(st.integers(0, 9)) == 0 else whole


@dataclass(frozen=True)
class Attacked:
    """An application in this process, asked without a network."""

    loop: asyncio.Runner
    http: httpx.AsyncClient
    folder: Path

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Its answer."""
        return self.loop.run(self.http.request(method, path, **more))

    def kept(self) -> list[str]:
        """All files and folders around it, but for the database's own."""
        return sorted(str(each) for each in self.folder.rglob("*") if ".sqlite3" not in each.name)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """An application with small limits on one database."""
    folder = tmp_path_factory.mktemp("fuzzed")
    data_dir = folder / "a" / "b" / "c" / "data"  # names that lead out end in the folder
    (data_dir / "datasets" / "uploads" / ".incoming").mkdir(parents=True)
    database = Database(f"sqlite:///{data_dir / 'lpl.sqlite3'}")
    database.migrate()
    late.load()
    limits: dict[str, Any] = {"max_upload_files": 40, "max_unpacked_bytes": 500_000, "max_upload_array_bytes": 500_000}
    app = create_app(Settings(data_dir=data_dir, **limits), database, Doorbell(None))
    with asyncio.Runner() as loop:
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")
        yield Attacked(loop, http, folder)
        loop.run(http.aclose())
    database.dispose()


@pytest.mark.parametrize("examples", [500, pytest.param(10_000, marks=pytest.mark.campaign)])
def test_no_upload_makes_a_server_error_or_leaves_anything(attacked: Attacked, examples: int) -> None:
    before, statuses = attacked.kept(), Counter[int]()

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(body=forms())
    def attack(body: bytes) -> None:
        kind = {"Content-Type": "multipart/form-data; boundary=xyz"}
        answer = attacked.ask("POST", "/v1/datasets", content=body, headers=kind)
        statuses[answer.status_code] += 1
        assert answer.status_code in ALLOWED, answer.text
        if answer.status_code == 201:
            assert attacked.ask("DELETE", "/v1/datasets/fuzzed").status_code == 204
        else:
            assert answer.headers["content-type"] == "application/problem+json"
            assert str(attacked.folder) not in answer.text
        assert attacked.kept() == before

    attack()
    assert statuses[201] > examples / 50, statuses
    assert statuses[422] > examples / 4, statuses
