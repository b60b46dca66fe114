"""Settings, tables, queries, run life cycle and the queue doorbell."""
