"""Searches: which points of a space are tried, how far each is trained, and which ones the seeds go to."""
