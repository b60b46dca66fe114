"""The tables of mirrors: what has been told to whom."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from store.database.job_tables import Id, Table


class MirrorRow(Table):
    """A tracking server (see `store.mirrors`): the last event of the log that it has been told of."""

    __tablename__ = "mirrors"

    name: Mapped[str] = mapped_column(Id, primary_key=True)
    position: Mapped[int]


class MirroredRunRow(Table):
    """The id of a run on a tracking server."""

    __tablename__ = "mirrored_runs"

    run_id: Mapped[str] = mapped_column(Id, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    mirror: Mapped[str] = mapped_column(Id, primary_key=True)
    remote_id: Mapped[str]
