"""A run's life: what may follow what, and who changes it."""
