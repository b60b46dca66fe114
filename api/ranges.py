"""Byte ranges of a download."""

import re

from api.problems import Problem

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(first, end) of a single range; None where the header is absent, malformed or asks for several: RFC 9110 has
    such a header ignored.

    Raises:
        Problem: 416, the range lies outside.
    """
    match = RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first and last and int(first) > int(last):
        return None
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    if start >= end:
        raise Problem(416, f"the range lies outside the {size} bytes", headers={"Content-Range": f"bytes */{size}"})
    return start, end
