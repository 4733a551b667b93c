"""Bringing in what a regency already keeps in tables: cohorts of a training, and an old registry."""
