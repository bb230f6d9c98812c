"""Lorebooks: what is told to the model when the talk comes to it, or always. Pure."""
