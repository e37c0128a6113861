"""What both arithmetics stand on: equations, records of Python's arrays, rows of weights, spikes and logs."""
