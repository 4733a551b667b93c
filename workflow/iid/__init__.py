"""The Indeks Inovasi Daerah computed from its catalogues. A year is data here, never a condition.

Maturity of an innovation = Σ weight × level over its SID indicators. The region's index adds the SPD score,
the mean maturity over MAX(k, n) entries and the points for the number of entries.
None of this is official: the ministry's own score is recorded apart once it is known.
"""
