"""iNaturalist's JSON files: images, annotations and categories. N images, C categories."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lplcore.data.class_names import fits, tidy
from lplcore.data.images.listing import Listed, Lists, content_of, plain
from lplcore.errors import DatasetError
from lplcore.plugin import quoted

KEPT = ("images", "annotations", "categories", "id", "file_name", "image_id", "category_id", "name")
"""Keys that are of use; the others would take most of the memory."""
WORDS = {int: "a whole number", str: "a text"}
Row = Mapping[str, Any]


def read_json_lists(train: Path, test: Path) -> Lists:
    """Both splits; the classes are the training file's categories in the order of their ids.

    Raises:
        DatasetError: something is missing or wrong; the message names the file and the id.
    """
    content = read_json(train)
    names = categories_of(content, train.name)
    classes = {category: place for place, category in enumerate(sorted(names))}
    listed = listed_in(content, train.name, classes)
    del content
    return Lists(unique(names, sorted(names)), listed, listed_in(read_json(test), test.name, classes))


def read_json(path: Path) -> Any:
    """What is of use in a file."""
    try:
        return content_of(path, lambda path: json.loads(path.read_bytes(), object_hook=kept))
    except DatasetError:
        raise
    except (ValueError, RecursionError) as error:
        where = f" line {error.lineno} column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise DatasetError("name", f"{path.name}{where} is broken JSON; fetch it again") from error


def kept(content: dict[str, Any]) -> dict[str, Any]:
    """An object without the keys that are of no use."""
    return {key: content[key] for key in KEPT if key in content}


def rows_of(content: Any, part: str, file: str, kinds: Mapping[str, type]) -> list[Row]:
    """The objects of a part, each of which has keys with values of these types."""
    rows = content.get(part) if isinstance(content, dict) else None
    if not isinstance(rows, list) or not rows:
        raise DatasetError("name", f"{file} has no list of {part}; fetch it again")
    for place, row in enumerate(rows):
        wrong = wrong_key(row, kinds)
        if wrong is not None:
            which = f"id {row['id']}" if isinstance(row, dict) and type(row.get("id")) is int else f"number {place}"
            raise DatasetError("name", f"{file}: {part}, {which}: {wrong}; fetch the file again")
    return rows


def wrong_key(row: Any, kinds: Mapping[str, type]) -> str | None:
    """What is wrong with an object."""
    if not isinstance(row, dict):
        return f"expected an object, got {quoted(row)}"
    for key, kind in kinds.items():
        if type(row.get(key)) is not kind:
            return f"{key} must be {WORDS[kind]}, got {quoted(row.get(key))}"
    return None


def by_id(rows: Iterable[Row], part: str, file: str, value: str) -> dict[int, str]:
    """Value of each object by its id, which no other has."""
    values: dict[int, str] = {}
    for row in rows:
        if row["id"] in values:
            raise DatasetError("name", f"{file}: {part}, id {row['id']} is there twice; fetch the file again")
        values[row["id"]] = row[value]
    return values


def categories_of(content: Any, file: str) -> dict[int, str]:
    """Names of the categories by id."""
    rows = rows_of(content, "categories", file, {"id": int, "name": str})
    names = {category: tidy(name) for category, name in by_id(rows, "categories", file, "name").items()}
    for category, name in names.items():
        if not fits(name):
            raise DatasetError("name", f"{file}: categories, id {category}: {quoted(name)} is no name; correct it")
    return names


def unique(names: Mapping[Any, str], order: Sequence[Any]) -> tuple[str, ...]:
    """The names in this order; what several have is followed by what they are the names of."""
    times = Counter(names.values())
    chosen = tuple(names[each] if times[names[each]] == 1 else f"{names[each]} ({each})" for each in order)
    # A name may look like one that was made unique.
    return chosen if len(set(chosen)) == len(chosen) else tuple(str(each) for each in order)


def listed_in(content: Any, file: str, classes: Mapping[int, int]) -> Listed:
    """The images of a file in their order, each with its one annotation.

    Args:
        content: of the file.
        file: its name.
        classes: category id -> place of the class.
    """
    files = by_id(rows_of(content, "images", file, {"id": int, "file_name": str}), "images", file, "file_name")
    labels: dict[int, int] = {}
    for row in rows_of(content, "annotations", file, {"image_id": int, "category_id": int}):
        image, category = row["image_id"], row["category_id"]
        if image not in files or category not in classes or image in labels:
            raise DatasetError("name", f"{file}: {misplaced(image, category, files, classes)}; correct it")
        labels[image] = classes[category]
    bare = next((image for image in files if image not in labels), None)
    if bare is not None:
        raise DatasetError("name", f"{file}: image {bare} ({quoted(files[bare])}) has no annotation; correct it")
    return Listed(
        file,
        [plain(name) for name in files.values()],
        np.fromiter((labels[image] for image in files), dtype=np.int64, count=len(files)),
    )


def misplaced(image: int, category: int, files: Mapping[int, str], classes: Mapping[int, int]) -> str:
    """What is wrong with an annotation."""
    if image not in files:
        return f"an annotation is of image {image}, which is not listed"
    if category not in classes:
        return f"image {image} is of category {category}, which training does not list"
    return f"image {image} has two annotations"
