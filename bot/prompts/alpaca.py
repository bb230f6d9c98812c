"""Alpaca, the format of Nous-Hermes-Llama2-13b: Instruction, Input, Response.

One turn is as the model's card has it. The card knows neither a system prompt nor a second turn;
for those this follows the usual convention: the system text comes first, everything ends with an
empty line. Nothing is stripped.
"""

from __future__ import annotations

from bot.prompts.format import Format
from bot.prompts.messages import Message

RESPONSE = "### Response:\n"

# "\n###" ends an answer at a heading as well. Among these models' texts a heading is nearly
# always the next section of the format, and a run-on turn in somebody else's name is worse.
STOP = ("</s>", "### Instruction:", "### Input:", "\n###")


def write(message: Message) -> str:
    """One turn; an empty system text and an empty input leave nothing behind.

    The format knows no tools: what any other role says is put as an instruction.
    """
    if message.role == "system":
        return f"{message.content}\n\n" if message.content else ""
    if message.role == "assistant":
        return f"{RESPONSE}{message.content}\n\n"
    more = f"### Input:\n{message.input}\n\n" if message.input else ""
    return f"### Instruction:\n{message.content}\n\n{more}"


ALPACA = Format(
    name="alpaca",
    opening=RESPONSE,
    stop=STOP,
    overhead=9,  # no token of its own: "### Response:" is five, two newlines are two
    write=write,
    # The card's own place for "additional context"; text before an instruction would look like
    # the end of the answer before it.
    remark=lambda note: f"### Input:\n{note}\n\n",
)
