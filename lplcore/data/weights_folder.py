"""Files of weights and vectors that a spec may name: those in the folder `weights` of the data directory."""

from pathlib import Path

from lplcore.errors import SpecError


def within_weights(data_dir: Path, relative: str, *, field: str) -> Path:
    """The file that a path in a spec means, links followed.

    Raises:
        SpecError: the path leads out of the folder; `field` is the path of the field that has it.
    """
    folder = (data_dir / "weights").resolve()
    path = (folder / relative).resolve()
    if not path.is_relative_to(folder):
        message = "must lie in the folder `weights` of the data directory; give a path relative to it"
        raise SpecError([{"path": field, "message": message}])
    return path
