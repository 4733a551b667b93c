"""Reference data: the agencies of the regency."""
