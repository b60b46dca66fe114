"""Opens every file of a folder as what its suffix says; prints what became of each, and the most memory it took.

python -m tests.attack.open_script FOLDER
"""

import json
import resource
import sys
from pathlib import Path

from lplcore.data.arrays import pickles
from lplcore.data.arrays.archive import read_arrays
from lplcore.data.images.folder import check_images, labels_of
from lplcore.datasets.cifar import pixels_of
from lplcore.errors import CheckpointError, DatasetError
from lplcore.training import checkpoint


def open_file(path: Path) -> None:
    """Read it as the service would."""
    if path.is_dir():
        check_images(labels_of(path, task=None))
    elif path.suffix == ".npz":
        read_arrays(path)
    elif path.suffix == ".safetensors":
        checkpoint.load(path)
    else:
        pixels_of(pickles.load(path.read_bytes())[b"data"])


def main() -> None:
    """Open all, one after another."""
    found = {}
    for path in sorted(Path(sys.argv[1]).iterdir()):
        try:
            open_file(path)
            found[path.name] = "read"
        except (DatasetError, CheckpointError) as error:
            found[path.name] = f"refused: {error}"
        except Exception as error:
            found[path.name] = f"{type(error).__name__}: {error}"
    print(json.dumps({"files": found, "bytes": most_bytes()}))


def most_bytes() -> int:
    """The most memory that this program has held.

    Linux's `ru_maxrss` is no less than what the parent held when it started this program; `VmHWM` is its own.
    """
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return 1024 * int(status["VmHWM"].split()[0])


if __name__ == "__main__":
    main()
