"""The format of Vicuna 1.1, and of Nous Capybara: USER and ASSISTANT, each on a line of its own.

As the template in FastChat's docs/vicuna_weights_version.md has it; each answer is closed by
`</s>`. The system text stands alone before the first turn. It knows no tools.
"""

from __future__ import annotations

from bot.prompts.format import Format
from bot.prompts.messages import Message


def write(message: Message) -> str:
    """One turn. Answers begin with a blank, whether the model wrote it or somebody else."""
    if message.role == "system":
        return f"{message.content}\n\n" if message.content else ""
    if message.role == "assistant":
        return f"ASSISTANT: {message.content.strip()}</s>\n"
    return f"USER: {message.content}\n"


VICUNA = Format(
    name="vicuna",
    opening="ASSISTANT:",
    stop=("</s>", "\nUSER:", "\nASSISTANT:"),
    overhead=8,  # "ASSISTANT:" is up to six, </s> and a newline
    write=write,
)
