"""Lists of the long-tailed multi-label sets: `img_id` [N] and `y` [N, C] multi-hot in an `.npz`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from lplcore.data.arrays.archive import refuse_bomb
from lplcore.data.images.listing import MAX_FILE_BYTES, Listed
from lplcore.errors import DatasetError
from lplcore.plugin import quoted


def read_ids(path: Path, *, classes: int, name_of: Callable[[str], str]) -> Listed:
    """The images that a list names, with their labels.

    Args:
        path: of the list.
        classes: C.
        name_of: id of an image to its path below the data set's folder.

    Raises:
        DatasetError: it cannot be read or holds something else; the message says what.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise DatasetError("name", f"{path.name} is larger than {MAX_FILE_BYTES >> 30} GiB; fetch it again")
        with np.load(path, allow_pickle=False) as archive:
            refuse_bomb(archive, path, ("img_id", "y"))
            ids, y = archive["img_id"], archive["y"]
    except DatasetError:
        raise
    except Exception as error:  # a damaged archive can raise anything
        reason = f"{type(error).__name__}: expected the arrays img_id and y"
        raise DatasetError("name", f"{path.name} cannot be read ({reason}); fetch it again") from error
    if ids.ndim != 1 or y.shape != (len(ids), classes) or not len(ids):
        shapes = f"img_id {list(ids.shape)}, y {list(y.shape)}"
        raise DatasetError(
            "name", f"{path.name}: expected img_id [N] and y [N, {classes}], got {shapes}; fetch it again"
        )
    if y.dtype.kind not in "iub" or not np.isin(y, (0, 1)).all():
        raise DatasetError("name", f"{path.name}: y holds other than 0 and 1; fetch it again")
    names = [str(each) for each in ids.tolist()]
    odd = next((name for name in names if not (name.isascii() and name.replace("_", "").isalnum())), None)
    if odd is not None:
        raise DatasetError("name", f"{path.name}: {quoted(odd)} is no id of an image; fetch it again")
    return Listed(path.name, [name_of(name) for name in names], y.astype(np.int64))
