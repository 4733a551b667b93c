"""The demo: invented people and proposals in the style of the regency, a story, and a clock that can be moved."""
