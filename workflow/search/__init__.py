"""Finding cases: words and stems, the index as rows, the query language, what resembles what.

Text is analysed here, in Python, and both databases only look up what it yields; so PostgreSQL's full text
and SQLite's FTS5 answer alike.
"""
