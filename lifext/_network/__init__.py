"""What is behind `Network`, one room after the other: its data, its loops, its runs."""
