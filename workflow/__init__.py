"""The domain of Loncatan: the process as data, the commands that change a case, the rules they keep.

Knows neither Flask nor Celery; `web` and `workers` stand on it and never on each other.
"""
