"""Sides beside each other: what differs, differences by seed, tables, what they add up to."""
