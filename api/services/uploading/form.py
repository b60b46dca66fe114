"""The form of an upload, read block by block: short texts are kept, the file goes to the disk."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from api.problems import Problem, refusal

FILE = "file"
TEXTS = ("name", "task", "target", "split")
MAX_TEXT_BYTES = 1_000
MAX_PARTS = 20


class Form:
    """What has arrived of a form.

    Args:
        content_type: the request's, which has the boundary.
        file: where the content of the part `file` goes.
        before_file: called with the form as that part begins; whether its content is to be kept.
    """

    def __init__(self, content_type: str, *, file: Path, before_file: Callable[["Form"], bool]) -> None:
        self.texts: dict[str, str] = {}
        self.file_bytes = 0
        self._path, self._before_file = file, before_file
        self._digest = hashlib.sha256()
        self._out: IO[bytes] | None = None
        self._field, self._value, self._disposition, self._text = b"", b"", b"", b""
        self._part, self._parts, self._names, self._complete = "", 0, set[str](), False
        self._parser = MultipartParser(
            boundary_of(content_type),
            {
                "on_part_begin": self._part_begins,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_ends,
                "on_headers_finished": self._content_begins,
                "on_part_data": self._content,
                "on_part_end": self._part_ends,
                "on_end": self._form_ends,
            },
        )

    @property
    def sha256(self) -> str:
        """Of the file's content so far."""
        return self._digest.hexdigest()

    def feed(self, block: bytes) -> None:
        """Take in what comes next.

        Raises:
            Problem: it is no form, or a part is not fit.
            OSError: the disk does not take it.
        """
        try:
            self._parser.write(block)
        except FormParserError as error:
            raise Problem(400, f"the body is no form (multipart/form-data): {error}") from error

    def end(self) -> None:
        """See that the form is complete.

        Raises:
            Problem: it breaks off, or has no file.
        """
        self.close()
        if not self._complete:
            raise Problem(400, "the form breaks off before its end; send it again")
        if FILE not in self._names:
            raise refusal([{"path": FILE, "message": "is required, as the part `file` of the form"}])

    def close(self) -> None:
        """Close the file."""
        if self._out is not None:
            self._out.close()

    def _part_begins(self) -> None:
        self._disposition, self._text, self._parts = b"", b"", self._parts + 1
        if self._parts > MAX_PARTS:
            raise Problem(400, f"the form has more than {MAX_PARTS} parts; it takes {known_parts()}")

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = self._value
        self._field = self._value = b""

    def _content_begins(self) -> None:
        self._part = part_name(self._disposition)
        if self._part in self._names:
            raise refusal([{"path": self._part, "message": "is there twice; send it once"}])
        self._names.add(self._part)
        if self._part == FILE and self._before_file(self):
            self._out = self._path.open("xb")

    def _content(self, data: bytes, start: int, end: int) -> None:
        if self._part == FILE:
            block = data[start:end]
            self._digest.update(block)
            self.file_bytes += len(block)
            if self._out is not None:
                self._out.write(block)
            return
        self._text += data[start:end]
        if len(self._text) > MAX_TEXT_BYTES:
            raise refusal([{"path": self._part, "message": f"has more than {MAX_TEXT_BYTES} bytes; shorten it"}])

    def _part_ends(self) -> None:
        if self._part == FILE:
            self.close()
        elif self._text:  # a field that a page leaves empty is not there
            self.texts[self._part] = text_of(self._part, self._text)

    def _form_ends(self) -> None:
        self._complete = True


def boundary_of(content_type: str) -> bytes:
    """What stands between the parts.

    Raises:
        Problem: the header does not say.
    """
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not 1 <= len(boundary) <= 200:
        raise Problem(400, "the Content-Type of the form names no usable boundary; let a library write the form")
    return boundary


def part_name(disposition: bytes) -> str:
    """The name of a part by its Content-Disposition.

    Raises:
        Problem: it has none, or one that a form does not have.
    """
    name = parse_options_header(disposition)[1].get(b"name", b"").decode("utf-8", "replace")
    if name not in (*TEXTS, FILE):
        raise refusal([{"path": name[:100], "message": f"is no part of this form; it takes {known_parts()}"}])
    return name


def known_parts() -> str:
    """The names of the parts."""
    return ", ".join((*TEXTS, FILE))


def text_of(part: str, content: bytes) -> str:
    """The text of a part.

    Raises:
        Problem: it is none.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise refusal([{"path": part, "message": "is not UTF-8 text"}]) from None
    if "\x00" in text:
        raise refusal([{"path": part, "message": "text may not hold NUL"}])
    return text
