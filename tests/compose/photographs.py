"""Writes a folder of images with labels.csv below the folder that is mounted as that of the data sets."""

import sys
from pathlib import Path

from tests.lplcore_training.photographs import written

if __name__ == "__main__":
    folder = Path(sys.argv[1], "photographs")
    folder.mkdir(mode=0o755)
    written(folder, train=60, test=12, side=(40, 120))
