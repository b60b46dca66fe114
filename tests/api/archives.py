"""Files to upload, made in memory."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Any

import httpx
import numpy as np
from PIL import Image

from tests.api.service import Running


def picture(shade: int, kind: str = "PNG") -> bytes:
    """A small image of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (10, 8), (shade, 100, 255 - shade)).save(file, format=kind)
    return file.getvalue()


FOLDERS = {f"{name}/{n}.png": picture(20 * n + shade) for name, shade in (("cat", 0), ("dog", 100)) for n in range(5)}
"""Class folders."""
TREE = {
    f"{split}/{name}/{n}.jpg": picture(40 * n, "JPEG")
    for split in ("train", "val", "test")
    for name in ("cat", "dog")
    for n in range(3)
}
LABELLED = {
    "labels.csv": b"split,file,labels\ntrain,a.png,cat|dog\ntrain,b.png,dog\ntrain,c.png,\ntest,d.png,cat\n",
    **{f"{name}.png": picture(30 * n) for n, name in enumerate("abcd")},
}
ROWS = ((n, "CH" if n % 3 else "DE", "no" if n % 5 else "yes") for n in range(40))
TABLE = "\n".join(["amount,country,paid", *(f"{amount},{country},{paid}" for amount, country, paid in ROWS)]).encode()


def npz(**names: str) -> bytes:
    """The arrays of a small data set of three classes, under our names or under these."""
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [40, 20, 6])
    x = random.normal(size=(len(labels), 4)).astype(np.float32) + labels[:, None]
    arrays = {"x_train": x, "y_train": labels, "x_test": x[::2], "y_test": labels[::2]}
    file = io.BytesIO()
    np.savez(file, **{names.get(name, name): array for name, array in arrays.items()})
    return file.getvalue()


def zipped(members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def zipped_as(mode: int, name: str = "cat/link", content: bytes = b"0.png") -> bytes:
    """A zip archive whose last member is of another kind."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for each, image in FOLDERS.items():
            archive.writestr(each, image)
        odd = zipfile.ZipInfo(name)
        odd.external_attr = (mode | 0o644) << 16
        archive.writestr(odd, content)
    return file.getvalue()


def tarred(members: Mapping[str, bytes], compression: str = "", *more: tarfile.TarInfo) -> bytes:
    """A tar archive, and members without content."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=f"w:{compression}") as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in more:
            archive.addfile(member)
    return file.getvalue()


def odd_member(kind: bytes, name: str = "cat/odd", link: str = "0.png") -> tarfile.TarInfo:
    """A link or a device."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


SYMLINK, DEVICE = stat.S_IFLNK, stat.S_IFBLK


def send(http: httpx.Client, name: str, content: Any, **parts: str) -> httpx.Response:
    """Upload a file."""
    return http.post("/v1/datasets", data={"name": name, **parts}, files={"file": ("anything", content)})


def kept(service: Running) -> list[str]:
    """All that lies below the folder of data sets."""
    root = service.settings.datasets_dir
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))
