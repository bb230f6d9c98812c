"""The simulated week: `python -m benchmarks week`, seven days of a busy bot in minutes."""
