"""Files of weights and vectors that a spec may name: those in one folder."""

from pathlib import Path

from lplcore.errors import SpecError

PLACE = "the folder `weights` of the data directory, or the one that LPL_WEIGHTS_DIR names"


def weights_folder(data_dir: str | Path, weights_dir: str | Path | None = None) -> Path:
    """The folder that somebody named, else `weights` of the data directory."""
    return Path(data_dir) / "weights" if weights_dir is None else Path(weights_dir)


def within_weights(weights_dir: Path, relative: str, *, field: str) -> Path:
    """The file that a path in a spec means, links followed.

    Raises:
        SpecError: the path leads out of the folder; `field` is the path of the field that has it.
    """
    folder = weights_dir.resolve()
    path = (folder / relative).resolve()
    if not path.is_relative_to(folder):
        raise SpecError([{"path": field, "message": f"must lie in {PLACE}; give a path relative to it"}])
    return path
