"""Archives of arrays."""
