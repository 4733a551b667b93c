"""Reactions: what is owed after a command has committed. Never imported by `web` but at its edge."""
