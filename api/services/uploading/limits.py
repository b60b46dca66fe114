"""How much an archive may unpack to, counted while it is unpacked: what an archive says of itself may be a lie."""

from dataclasses import dataclass

from api.problems import Problem
from store.settings import Settings

SMALL_BYTES = 2**28
"""Up to this size an archive may expand by any factor."""


@dataclass
class Budget:
    """What is left of an archive's limits."""

    settings: Settings
    packed_bytes: int
    members: int = 0
    bytes: int = 0

    def count_member(self) -> None:
        """Take a file or a folder in.

        Raises:
            Problem: 413.
        """
        self.members += 1
        if self.members > self.settings.max_upload_files:
            most = f"{self.settings.max_upload_files} files and folders"
            raise too_large(f"the archive has more than {most} (LPL_MAX_UPLOAD_FILES)")

    def count_bytes(self, number: int) -> None:
        """Take so many unpacked bytes in.

        Raises:
            Problem: 413.
        """
        self.bytes += number
        if self.bytes > self.settings.max_unpacked_bytes:
            most = f"{self.settings.max_unpacked_bytes} bytes"
            raise too_large(f"the archive unpacks to more than {most} (LPL_MAX_UNPACKED_BYTES)")
        if self.bytes > max(SMALL_BYTES, self.settings.max_unpacked_ratio * self.packed_bytes):
            most = f"{self.settings.max_unpacked_ratio} times its size"
            raise too_large(f"the archive unpacks to more than {most} (LPL_MAX_UNPACKED_RATIO)")


def too_large(message: str) -> Problem:
    """413 for the file."""
    remedy = f"{message}; leave out what is not needed, or put the data under LPL_DATA_DIR/datasets"
    return Problem(413, remedy, errors=[{"path": "file", "message": remedy}])
