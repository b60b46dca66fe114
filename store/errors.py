"""What can go wrong in the store."""


class StoreError(Exception):
    """Base of the store's errors; the message is fit for a user.

    Attributes:
        public: what strangers may read instead of the message, which may name a host, a user or a path. None: the
            message itself.
    """

    public: str | None = None


class NotFound(StoreError):
    """No such job, run, checkpoint, data set, worker or key."""


class Conflict(StoreError):
    """The resource's state does not allow this."""


class QuotaExceeded(StoreError):
    """A key has used up what it may have at once."""


class BadCursor(StoreError):
    """A cursor that no list gave out."""


class LeaseLost(StoreError):
    """Another attempt owns the run; this worker may write nothing more."""


class DatabaseUnavailable(StoreError):
    """The database does not answer."""

    public = "the database does not answer; try again in a moment"


class StorageFull(StoreError):
    """The database cannot grow: the disk is full or not writable."""

    public = "the database cannot be written: there is no space, or it may not be changed; try again later"


class SchemaMissing(DatabaseUnavailable):
    """The database answers and has no tables."""

    public = "the database has no tables yet; run `lpl db upgrade`"


class SchemaOlder(DatabaseUnavailable):
    """The database is of an older version of the program."""

    public = "the database is of an older version; run `lpl db upgrade`"


class SchemaNewer(DatabaseUnavailable):
    """The database is of a newer version of the program."""

    public = "the database is of a newer version than this program; use that version"


class ConsumersDead(StoreError):
    """Workers live, and none of them hears the broker's wake-ups."""

    public = "no worker hears wake-ups: their consumers are dead; runs are found by polling meanwhile"


class CorruptCheckpoint(StoreError):
    """A checkpoint's content does not match its sha256."""
