"""The format of Zephyr and of the StableLM models: roles as tokens, each turn closed by `</s>`.

As the chat template of HuggingFaceH4/zephyr-7b-beta has it. It knows no tools.
"""

from __future__ import annotations

from bot.prompts.format import Format
from bot.prompts.messages import Message

_ROLES = ("system", "user", "assistant")


def write(message: Message) -> str:
    """One closed turn; what any other role says is put as a user's."""
    role = message.role if message.role in _ROLES else "user"
    return f"<|{role}|>\n{message.content}</s>\n"


ZEPHYR = Format(
    name="zephyr",
    opening="<|assistant|>\n",
    stop=("</s>", "<|user|>", "<|system|>", "<|assistant|>"),
    overhead=12,  # its roles are no tokens of its own: five or six each
    write=write,
)
