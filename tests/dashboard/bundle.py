"""Builds the dashboard's pages from their source with the pinned packages: `python -m tests.dashboard.bundle`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = Path("api/dashboard/source")
DOCUMENT = Path("docs/openapi.json")


def build(root: Path) -> None:
    """Install the packages of the lock file and bundle the source below a root into its assets.

    Raises:
        subprocess.CalledProcessError: a package cannot be fetched, a type is wrong, or the bundler refuses.
    """
    npm(root, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    npm(root, "run", "--silent", "build")


def npm(root: Path, *arguments: str) -> None:
    """Run npm, which comes with Python's package of Node, in the source's folder."""
    found = shutil.which("npm", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        raise FileNotFoundError("there is no npm: `make dashboard` installs it")
    path = f"{Path(found).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run([found, *arguments], cwd=root / SOURCE, check=True, env={**os.environ, "PATH": path})


def copied(root: Path) -> None:
    """The source and what it is built from, in another folder."""
    shutil.copytree(ROOT / SOURCE, root / SOURCE, ignore=shutil.ignore_patterns("node_modules", "schema.d.ts"))
    shutil.copytree(ROOT / "api/dashboard/assets", root / "api/dashboard/assets")
    (root / DOCUMENT).parent.mkdir(parents=True)
    shutil.copy(ROOT / DOCUMENT, root / DOCUMENT)


if __name__ == "__main__":
    build(ROOT)
