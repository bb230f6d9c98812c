"""JSON mode of the Hermes 2 Pro, Theta and Hermes 3 models: a schema in the system turn."""

from __future__ import annotations

PREFIX = (
    "You are a helpful assistant that answers in JSON. Here's the json schema you must adhere "
    "to:\n<schema>\n"
)
SUFFIX = "\n</schema>"


def system_text(schema_text: str) -> str:
    """The system text that asks for JSON; `schema_text` goes in as it is."""
    return PREFIX + schema_text + SUFFIX
