"""What can go wrong in the store."""


class StoreError(Exception):
    """Base of the store's errors; the message is fit for a user."""


class NotFound(StoreError):
    """No such job, run, checkpoint, data set or key."""


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


class StorageFull(StoreError):
    """The database cannot grow: the disk is full or not writable."""


class CorruptCheckpoint(StoreError):
    """A checkpoint's content does not match its sha256."""
