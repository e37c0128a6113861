"""The fast arithmetic: its own random streams and rounding, the same results for any threads and instruction sets."""
