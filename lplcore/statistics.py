"""Where `ClassStatistics` was in version 0.1.0."""

from lplcore.frame.statistics import ClassStatistics, class_statistics

__all__ = ["ClassStatistics", "class_statistics"]
