"""Spikes of a record in the formats of other programs, and back: a module for each.

Each has a function that gives the format and one that reads it. What is read comes as neurons,
times (ms) and an *about*, which says what they are of; see `about`.
"""
