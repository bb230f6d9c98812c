"""ChatML, the format of the Hermes 2, OpenHermes 2 and Hermes 3 models.

Byte-exact with the models' own chat templates, without the BOS text: engines add BOS themselves.
Content goes in as it is, so whatever people wrote has to pass `neutralise` before.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.prompts.messages import Message

ASSISTANT = "<|im_start|>assistant\n"
STOP = ("<|im_end|>", "<|im_start|>")


def turn(role: str, content: str) -> str:
    """One closed turn."""
    return f"<|im_start|>{role}\n{content}<|im_end|>\n"


def render(messages: Iterable[Message], *, add_generation_prompt: bool = True) -> str:
    """Render with the default template: every turn closed, then the assistant's turn opened."""
    text = "".join(turn(message.role, message.content) for message in messages)
    return text + ASSISTANT if add_generation_prompt else text
