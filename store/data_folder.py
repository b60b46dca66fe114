"""Where the data are when nobody says: the folder of earlier days where it is in use, else one place per user."""

from pathlib import Path

from platformdirs import user_data_path

DATABASE_FILE = "lpl.sqlite3"
DATASETS = "datasets"
LOCAL = Path("lpl-data")
"""Below the current folder; version 0.1.0 knew no other place."""


def default_data_dir() -> Path:
    """`./lpl-data` where it holds a database or data sets, else the user's folder for data (`~/...` without a home)."""
    if in_use(LOCAL):
        return LOCAL
    try:
        return user_data_path("lpl", appauthor=False)
    except RuntimeError:  # `absolute` says what is missing
        return Path("~", "lpl")


def in_use(folder: Path) -> bool:
    """Whether a service has kept something there. With a PostgreSQL database that is data sets alone."""
    try:
        return (folder / DATABASE_FILE).is_file() or any((folder / DATASETS).iterdir())
    except OSError:
        return False


def absolute(folder: Path) -> Path:
    """The folder with `~` written out.

    Raises:
        ValueError: there is no such home directory.
    """
    try:
        return folder.expanduser().absolute()
    except RuntimeError:
        home = folder.parts[0]
        raise ValueError(
            f"there is no home directory for {home}; give a folder in LPL_DATA_DIR or --data-dir"
        ) from None
