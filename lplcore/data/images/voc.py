"""Pascal VOC: lists of images and their XML annotations, as multi-hot rows. N images, C classes."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from lplcore.data.images.listing import Listed, content_of
from lplcore.errors import DatasetError
from lplcore.plugin import quoted

CLASSES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)
MAX_XML_BYTES = 2**20


def read_image_set(path: Path, year: Path) -> Listed:
    """The images that a list of a year names, with the classes of their objects but those marked difficult.

    Args:
        path: of the list, an id a line.
        year: the folder with Annotations/ and JPEGImages/.

    Raises:
        DatasetError: the list or an annotation is absent or wrong; the message names it.
    """
    text = content_of(path, lambda path: path.read_text(encoding="utf-8-sig"))
    ids = [line.split()[0] for line in text.splitlines() if line.strip()]
    if not ids:
        raise DatasetError("name", f"{path.name} lists no image; fetch it again")
    labels = np.zeros((len(ids), len(CLASSES)), dtype=np.int64)
    for row, image in zip(labels, ids, strict=True):
        if not image.replace("_", "").isalnum():
            raise DatasetError("name", f"{path.name}: {quoted(image)} is no id of an image; correct it")
        row[objects_in(year / "Annotations" / f"{image}.xml")] = 1
    return Listed(path.name, [f"{year.name}/JPEGImages/{image}.jpg" for image in ids], labels)


class Plain(ElementTree.TreeBuilder):
    """A document without document type, whose entities might grow without bound."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refuse it."""
        raise ValueError("it declares a document type")


def objects_in(path: Path) -> list[int]:
    """Class indices of an annotation's objects that are not marked difficult.

    Raises:
        DatasetError: it is absent, too large, broken, or names an unknown class.
    """
    name = f"Annotations/{path.name}"
    try:
        if not path.resolve().is_relative_to(path.parents[1].resolve()):
            raise DatasetError("name", f"{name} leads out of {path.parents[1].name}; copy the file there")
        with path.open("rb") as file:
            content = file.read(MAX_XML_BYTES + 1)
    except OSError as error:
        raise DatasetError("name", f"{name} cannot be read: {error.strerror}; put it there") from error
    if len(content) > MAX_XML_BYTES:
        raise DatasetError("name", f"{name} is larger than 1 MiB; fetch it again")
    try:
        root = ElementTree.fromstring(content, ElementTree.XMLParser(target=Plain()))  # noqa: S314 (no entities)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise DatasetError("name", f"{name} is broken ({error}); fetch it again") from error
    found = []
    for each in root.findall("object"):
        label = (each.findtext("name") or "").strip()
        if label not in CLASSES:
            raise DatasetError("name", f"{name}: {quoted(label)} is no class of VOC; fetch it again")
        if (each.findtext("difficult") or "0").strip() != "1":
            found.append(CLASSES.index(label))
    return found
