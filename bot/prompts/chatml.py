"""ChatML, the format of the Hermes 2, OpenHermes 2, Hermes 3 and Hermes 4 14B models.

Byte-exact with the models' own chat templates, without the BOS text: engines add BOS themselves.
Content goes in as it is, so whatever people wrote has to pass `neutralise` before.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.prompts.format import Format
from bot.prompts.messages import Message

ASSISTANT = "<|im_start|>assistant\n"
STOP = ("<|im_end|>", "<|im_start|>")


def turn(role: str, content: str) -> str:
    """One closed turn."""
    return f"<|im_start|>{role}\n{content}<|im_end|>\n"


def render(messages: Iterable[Message], *, add_generation_prompt: bool = True) -> str:
    """Render with the default template: every turn closed, then the assistant's turn opened."""
    return CHATML.render(messages, add_generation_prompt=add_generation_prompt)


CHATML = Format(
    name="chatml",
    opening=ASSISTANT,
    stop=STOP,
    overhead=5,  # <|im_start|>assistant\n and <|im_end|>\n
    write=lambda message: turn(message.role, message.content),
)
