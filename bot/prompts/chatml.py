"""ChatML, the format of the Hermes 2, OpenHermes 2, Hermes 3 and Hermes 4 14B models.

Byte-exact with the models' own chat templates, without the BOS text: engines add BOS themselves.
Content goes in as it is, so whatever people wrote has to pass `neutralise` before.
"""

from __future__ import annotations

from bot.prompts.format import Format

ASSISTANT = "<|im_start|>assistant\n"
STOP = ("<|im_end|>", "<|im_start|>")


def turn(role: str, content: str) -> str:
    """One closed turn."""
    return f"<|im_start|>{role}\n{content}<|im_end|>\n"


CHATML = Format(
    name="chatml",
    opening=ASSISTANT,
    stop=STOP,
    overhead=5,  # <|im_start|>assistant\n and <|im_end|>\n
    write=lambda message: turn(message.role, message.content),
)
