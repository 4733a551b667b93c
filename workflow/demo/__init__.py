"""The demo: invented people and proposals, a story, and a clock that can be moved."""
