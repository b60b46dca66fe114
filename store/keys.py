"""API keys: random, shown once, stored as SHA-256."""

import hashlib
import secrets
from collections.abc import Collection, Sequence

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from store import cursors
from store.database.clock import database_time
from store.database.records import ApiKey, Page
from store.database.tables import KeyRow
from store.errors import NotFound, StoreError
from store.identifiers import new_id

SCOPES = ("read", "submit", "admin")
PREFIX = "lpl_"
MIN_SECRET_LENGTH, MAX_NAME_LENGTH = 16, 100


def create(
    session: Session, *, name: str, scopes: Sequence[str] = SCOPES, secret: str | None = None
) -> tuple[ApiKey, str]:
    """A new key and its secret, which cannot be shown again.

    Raises:
        StoreError: an unknown scope, a name that is empty or longer than 100 characters, or an unfit secret.
    """
    token = secret or PREFIX + secrets.token_urlsafe(32)
    refuse_unfit(name, scopes, token)
    row = KeyRow(
        id=new_id("k"),
        name=name,
        secret_sha256=digest(token),
        scopes=sorted(set(scopes)),
        created_at=database_time(session),
    )
    session.add(row)
    session.flush()
    return key_of(row), token


def bootstrap(session: Session, secret: str) -> ApiKey | None:
    """Make the first key, with all scopes; None where it exists, also revoked."""
    if verify(session, secret) is not None:
        return None
    try:
        with session.begin_nested():
            return create(session, name="first key", secret=secret)[0]
    except IntegrityError:
        return None  # another process created it meanwhile, or it was revoked


def refuse_unfit(name: str, scopes: Sequence[str], token: str) -> None:
    """See that a key can be told from others, may do something and fits a header.

    Raises:
        StoreError: it does not; with the remedy.
    """
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise StoreError(f"scopes: {', '.join(unknown) or 'none given'}; known: {', '.join(SCOPES)}")
    if not 0 < len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise StoreError(f"name: give 1 to {MAX_NAME_LENGTH} printable characters that say what the key is for")
    if len(token) < MIN_SECRET_LENGTH:
        raise StoreError(f"a key has at least {MIN_SECRET_LENGTH} characters; let `lpl key create` make one")
    if not all("!" <= character <= "~" for character in token):
        raise StoreError("a key is one word of printable ASCII, else no header can carry it")


def verify(session: Session, secret: str) -> ApiKey | None:
    """The key of a secret, None where there is none or it was revoked. Reads only: see `note_use`."""
    valid = select(KeyRow).where(KeyRow.secret_sha256 == digest(secret), KeyRow.revoked_at.is_(None))
    row = session.scalars(valid).first()
    return None if row is None else key_of(row)


def is_valid(session: Session, key_id: str) -> bool:
    """Whether a key exists and was not revoked."""
    valid = select(KeyRow.id).where(KeyRow.id == key_id, KeyRow.revoked_at.is_(None))
    return session.scalars(valid).first() is not None


def note_use(session: Session, key_ids: Collection[str]) -> None:
    """Write down that keys have been used just now."""
    session.execute(update(KeyRow).where(KeyRow.id.in_(key_ids)).values(last_used_at=database_time(session)))


def list_keys(session: Session) -> list[ApiKey]:
    """All keys, oldest first."""
    return [key_of(row) for row in session.scalars(select(KeyRow).order_by(KeyRow.id))]


def page_of_keys(session: Session, *, limit: int = 50, cursor: str | None = None) -> Page[ApiKey]:
    """Keys, oldest first.

    Raises:
        BadCursor: no list gave this cursor out.
    """
    rows = cursors.rows_after(session, select(KeyRow), KeyRow.id, limit=limit, cursor=cursor)
    return cursors.page([key_of(row) for row in rows], limit)


def revoke(session: Session, key_id: str) -> None:
    """Make a key invalid; again is harmless.

    Raises:
        NotFound: no such key.
    """
    row = session.get(KeyRow, key_id)
    if row is None:
        raise NotFound(f"there is no key {key_id}")
    row.revoked_at = row.revoked_at or database_time(session)


def any_keys(session: Session) -> bool:
    """Whether any key is valid."""
    return session.scalars(select(KeyRow.id).where(KeyRow.revoked_at.is_(None)).limit(1)).first() is not None


def ever_any(session: Session) -> bool:
    """Whether there has ever been a key, valid or revoked."""
    return session.scalars(select(KeyRow.id).limit(1)).first() is not None


def digest(secret: str) -> str:
    """What is stored of a secret. A fast hash is enough: secrets are random, not chosen."""
    return hashlib.sha256(secret.encode()).hexdigest()


def key_of(row: KeyRow) -> ApiKey:
    """The record of a row."""
    return ApiKey(row.id, row.name, tuple(row.scopes), row.created_at, row.last_used_at, row.revoked_at)
