"""Measuring what the connected model can do: cases, how they are judged, and the run."""
