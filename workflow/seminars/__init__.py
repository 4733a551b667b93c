"""Seminars: how a session is laid out, what stands in its way, who is told, what leaves it."""
