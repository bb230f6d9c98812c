"""The Discord front: each module or package here that has a `setup` is loaded at the start."""
