"""Tools: what the model can have done. A tool is an async method with hints and a docstring."""
