"""JSON Schema 2020-12 and nothing else: forms, rubrics, API bodies, the process, the catalogues."""
