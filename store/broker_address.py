"""The broker's URL: read with care, since what drivers make of a wrong one shows its password."""

from urllib.parse import SplitResult, quote, urlsplit

import redis

from store.database.address import HOST
from store.errors import StoreError

REDIS = ("redis", "rediss")
KINDS = (*REDIS, "redis+socket", "sentinel", "amqp", "amqps")
CONNECT_SECONDS = 2.0
REMEDY = (
    "give redis://host:port/0 in LPL_BROKER_URL and the password as it is in LPL_BROKER_PASSWORD or "
    "LPL_BROKER_PASSWORD_FILE (within the URL @ / : ? # are written %40 %2F %3A %3F %23)"
)


def checked(url: str, password: str | None = None) -> str:
    """The URL with the password that was given beside it.

    Raises:
        StoreError: it is none, of another kind of broker, or its password spills into the other parts.
    """
    try:
        parts = urlsplit(url)
        fit = parts.scheme in KINDS and (parts.scheme not in REDIS or is_redis(parts))
    except ValueError:  # a port that is no number, a bracket too many
        fit = False
    if not fit:
        raise StoreError(f"the broker's address cannot be read; {REMEDY}")
    return url if password is None else with_password(parts, password)


def is_redis(parts: SplitResult) -> bool:
    """Whether a Redis URL has a host, a possible port and the number of a database, and nothing that is odd there."""
    database = parts.path.strip("/")
    host_is_fit = parts.hostname is None or HOST.fullmatch(parts.hostname) is not None
    spills = "@" in parts.path + parts.query or parts.fragment
    return host_is_fit and parts.port != 0 and not spills and (not database or database.isdecimal())


def with_password(parts: SplitResult, password: str) -> str:
    """The URL with this password in place of its own."""
    user, at, place = parts.netloc.rpartition("@")
    name = user.partition(":")[0] if at else ""
    return parts._replace(netloc=f"{name}:{quote(password, safe='')}@{place}").geturl()


def refusal(url: str) -> str | None:
    """Why the broker will never let this process in; None where it does, or does not answer at this moment."""
    parts = urlsplit(url)
    if parts.scheme not in REDIS:
        return None
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS
        ) as broker:
            broker.ping()
    except redis.AuthenticationError:
        return f"the broker {shown(parts)} refuses the password; set LPL_BROKER_PASSWORD or correct LPL_BROKER_URL"
    except redis.ResponseError as error:
        if "DB index" in str(error):
            return f"the broker {shown(parts)} has no database {parts.path.strip('/')}; correct LPL_BROKER_URL"
    except (redis.RedisError, OSError):  # it may come later
        pass
    return None


def shown(parts: SplitResult) -> str:
    """Where the broker is, with nothing that is secret."""
    return f"{parts.hostname or 'localhost'}:{parts.port or 6379}"
