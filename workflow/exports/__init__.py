"""Entries as packages to hand on: documents, spreadsheets, a paper to read, the evidence, and a manifest.

The same entry always gives the same bytes: no clock, no random name and no order of chance goes into one.
"""
