"""Data sets: motion capture, synthetic views of it, and real evaluation clips."""
