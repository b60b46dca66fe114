"""Where the database is: its URL read, and shown without anything that must stay secret."""

import re
from functools import partial
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from store.errors import StoreError

HARMLESS = ("host", "hostaddr", "port", "dbname", "user", "sslmode", "connect_timeout", "application_name")
"""Query parameters whose values may stand in a reason; all others count as secret, also those of later drivers."""
SPELLING = (
    "the password as it is goes into LPL_DATABASE_PASSWORD or LPL_DATABASE_PASSWORD_FILE "
    "(within the URL @ / : are written %40 %2F %3A)"
)
NAME = re.compile(r"[\w.$\-]+")
HOST = re.compile(r"[\w.:,%\-]+")


def parsed_url(url: str) -> URL:
    """The URL in its parts.

    Raises:
        StoreError: it is none, or of another kind of database.
    """
    remedy = f"give sqlite:///path or postgresql://user@host/name in LPL_DATABASE_URL; {SPELLING}"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise StoreError(f"the database's address cannot be read; {remedy}") from error
    if parsed.drivername.split("+")[0] not in ("sqlite", "postgresql", "postgres"):
        raise StoreError(f"{parsed.drivername[:40]} databases are not supported; {remedy}")
    if parsed.get_backend_name() != "sqlite" and spills(parsed, url):
        raise StoreError(f"the database's address cannot be read: its password spills into other parts; {remedy}")
    return parsed


def spills(parsed: URL, url: str) -> bool:
    """Whether a password with a bare `@` reaches into host, name or parameters."""
    parameters = [part for part in url.partition("?")[2].split("&") if "=" not in part]
    return any("@" in part for part in (parsed.host or "", parsed.database or "", *parameters))


def shown(url: URL) -> str:
    """The URL with nothing but kind, host, port and name, for SQLite the path.

    libpq takes user, password, passfile and more in the query, so none of it is shown. A password whose `@` or `/` is
    not encoded spills into host or name; those are only shown where they look like what they are.
    """
    kind = url.get_backend_name()
    if kind == "sqlite":
        return f"sqlite:///{url.database or ':memory:'}"
    host = recognised(HOST, url.host)
    place = f"[{host}]" if host.count(":") > 1 else host
    port = f":{url.port}" if url.port is not None else ""
    return f"{kind}://{place}{port}/{recognised(NAME, url.database)}"


def recognised(pattern: re.Pattern[str], part: str | None) -> str:
    """The part of a URL where it looks as it should, `***` where it may hold something else."""
    return "***" if part and not pattern.fullmatch(part) else part or ""


def without_secrets(url: URL, reason: str) -> str:
    """What a driver says, without any password of the URL in any of the spellings a driver may use."""
    for secret in sorted(spellings(url), key=len, reverse=True):
        reason = reason.replace(secret, "***")
    return reason


def spellings(url: URL) -> set[str]:
    """Every secret of the URL as it is, as a URL encodes it and as libpq's connection strings escape it."""
    secrets = [str(url.password)] if url.password else []
    for name, value in url.query.items():
        if name not in HARMLESS:
            secrets += [value] if isinstance(value, str) else value
    escaped = [secret.replace("\\", "\\\\").replace("'", "\\'") for secret in secrets]
    encoded = [encode(secret) for secret in secrets for encode in (partial(quote, safe=""), quote_plus)]
    return {secret for secret in (*secrets, *escaped, *encoded) if secret}
