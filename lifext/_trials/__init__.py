"""Machinery of `lifext.trials`: what is run, what is kept of it, and how it is shown."""
