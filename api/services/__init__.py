"""What takes more than one call of the store."""
