"""Cells: how the membrane potential moves, and when it is a spike; one file a kind."""
