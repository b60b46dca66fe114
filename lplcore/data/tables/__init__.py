"""CSV tables: how rows become features."""

from lplcore.data.tables.preprocessing import Preprocessing

__all__ = ["Preprocessing"]
