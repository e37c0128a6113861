"""The published arithmetic, frozen: the numbers of the original code, to the last bit."""
