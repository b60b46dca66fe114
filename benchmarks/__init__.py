"""Benchmarks: scripts that print and save their figures with versions and machine."""
