"""Benchmarks: what asv tracks over commits, and the commands that make the tables of the docs."""
