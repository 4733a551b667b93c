"""The yearly catalogues of the Indeks Inovasi Daerah: dated data, governed by schemas/catalogue.json."""
