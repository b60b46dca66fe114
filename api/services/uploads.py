"""Receiving an upload: form, archive, checks, record. What fails on the way leaves nothing."""

import logging
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

import lplcore
from api.parameters import NAME
from api.problems import Problem, refusal
from api.services import registration
from api.services.dataset_answers import builtin_names
from api.services.registration import Inspected
from api.services.uploading.contents import unpacked
from api.services.uploading.form import Form
from store import datasets, uploads
from store.database.engine import Database
from store.database.records import DatasetRecord
from store.errors import NotFound
from store.settings import Settings
from store.uploads import Incoming

RETRY_AFTER_SECONDS = 60
FILE, UNPACKED = ".file", ".unpacked"
"""No names of data sets."""
PARTS = {"path": "file"}
"""Fields of a registration by path, and the part of the form that takes their place."""
log = logging.getLogger(__name__)


class Texts(BaseModel):
    """The parts of the form that are not the file."""

    name: str = Field(pattern=NAME)
    task: Literal["single_label", "multi_label"] | None = None
    target: str | None = None
    split: str | None = None


@dataclass
class Upload:
    """An upload under way.

    Args:
        content_length: what the request says of its body; None where it does not say.
    """

    settings: Settings
    db: Database
    content_type: str
    content_length: int | None

    def receive(self, blocks: Iterable[bytes]) -> DatasetRecord:
        """Take the request's body in and keep it as a data set.

        Raises:
            Problem: it is refused.
            Conflict: the name was taken meanwhile.
        """
        with disk_full_said(), uploads.receiving(self.db, self.settings.datasets_dir) as incoming:
            form = self._form(incoming.folder / FILE, blocks)
            texts = texts_of(form)
            self._refuse_taken(texts.name, form)
            data = self._inspected(incoming, texts)
            incoming.show()
            data = replace(data, path=incoming.place.resolve() / data.path.name)
            facts = {"id": incoming.id, "sha256": form.sha256, "request_bytes": self.content_length}
            return self.db.write(partial(registration.register, name=texts.name, data=data, upload=facts))

    def _form(self, file: Path, blocks: Iterable[bytes]) -> Form:
        form = Form(self.content_type, file=file, before_file=self._before_file)
        try:
            for block in blocks:
                form.feed(block)
            form.end()
        finally:
            form.close()
        return form

    def _before_file(self, form: Form) -> bool:
        """Refuse what can be refused before the file arrives; whether the file is to be kept.

        A repeated upload is read on and only hashed, to say that its content is there.
        """
        if "name" not in form.texts:
            return True
        taken = self._taken(texts_of(form).name)
        if taken is None:
            return True
        if self.content_length is None or taken.info.get("upload", {}).get("request_bytes") != self.content_length:
            raise conflict(taken.name)
        return False

    def _refuse_taken(self, name: str, form: Form) -> None:
        taken = self._taken(name)
        if taken is not None:
            same = taken.info.get("upload", {}).get("sha256") == form.sha256
            raise conflict(name, same=same)

    def _taken(self, name: str) -> DatasetRecord | None:
        if name in builtin_names():
            raise name_refused(f"{name!r} is a built-in data set; choose another name")
        try:
            with self.db.read() as session:
                return datasets.get(session, name)
        except NotFound:
            return None

    def _inspected(self, incoming: Incoming, texts: Texts) -> Inspected:
        """Unpack what was received, check all of it, and give it the data set's name."""
        kind, content, left_out = unpacked(incoming.folder / FILE, incoming.folder / UNPACKED, self.settings)
        named = content.rename(incoming.folder / f"{texts.name}{kind}")
        shutil.rmtree(incoming.folder / UNPACKED, ignore_errors=True)  # folders around the content
        try:
            data = registration.inspect(
                incoming.folder, named.name, task=texts.task, target=texts.target, split=texts.split
            )
        except lplcore.SpecError as error:
            raise refusal([{**each, "path": PARTS.get(each["path"], each["path"])} for each in error.errors]) from error
        return replace(data, facts=replace(data.facts, notes=(*data.facts.notes, *notes_on(left_out))))


def texts_of(form: Form) -> Texts:
    """The texts of a form, checked.

    Raises:
        Problem: one is absent or not fit.
    """
    try:
        return Texts.model_validate(form.texts)
    except ValidationError as error:
        wrong = [(each["loc"], "is required" if each["type"] == "missing" else each["msg"]) for each in error.errors()]
        raise refusal([{"path": str(path[0]), "message": message} for path, message in wrong]) from error


def notes_on(left_out: int) -> Iterator[str]:
    """What a reader of results must know of the archive."""
    if left_out:
        yield f"{left_out} files that macOS and Windows put into archives (__MACOSX, .DS_Store, Thumbs.db) are left out"


def conflict(name: str, *, same: bool = False) -> Problem:
    """The refusal of a name that is taken."""
    if same:
        said = f"a data set named {name!r} with the same content is there already: an earlier upload has arrived"
        return name_refused(said, same_content=True)
    return name_refused(f"a data set named {name!r} exists; choose another name or delete that one first")


def name_refused(message: str, **more: Any) -> Problem:
    """409 for the name."""
    return Problem(409, message, errors=[{"path": "name", "message": message}], **more)


@contextmanager
def disk_full_said() -> Iterator[None]:
    """Say that the disk does not take an upload.

    Raises:
        Problem: 503.
    """
    try:
        yield
    except OSError as error:
        log.warning("an upload cannot be kept: %s", error)
        said = f"the service cannot keep the upload: {error.strerror or error}; nothing was kept, try again later"
        raise Problem(503, said, headers={"Retry-After": str(RETRY_AFTER_SECONDS)}) from error
