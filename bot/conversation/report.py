"""What the model was last sent in a conversation, for `/context`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.conversation.model import ModelInUse
from bot.conversation.recalling import seen_by
from bot.conversation.turns import Snapshot, Usage

Whose = Literal["channel", "server", "operator", "model"]
"""Who has set the system prompt that holds."""


@dataclass(frozen=True, slots=True)
class ContextReport:
    """What the model was last sent in a conversation.

    `prompt` is the exact text of the last request, None if there was none or it has expired.
    `whose` is `system`; what a category has set is the server's, too. `limit` is how many tokens a
    prompt may have; `kept` turns are sent, `cut` no more. `facts` are the lines of the memory that
    stood in it. What only another person may see is not told.
    """

    model: str
    system: str
    whose: Whose
    usage: Usage
    limit: int
    kept: int
    cut: int
    prompt: str | None
    facts: tuple[str, ...] = ()

    @property
    def own_system(self) -> bool:
        """Whether the conversation has a system prompt of its own."""
        return self.whose == "channel"


def report_of(
    snapshot: Snapshot,
    model: ModelInUse,
    sent: str | None,
    viewer: str,
    inherited: tuple[str, Whose] = ("", "model"),
) -> ContextReport:
    """A conversation as a person may see it.

    `sent` is the exact prompt, `inherited` the system prompt where it has none, and whose.
    """
    own, (wider, whose) = snapshot.state.system, inherited
    prompt, facts = seen_by(viewer, sent, snapshot.state.usage)
    return ContextReport(
        model=model.profile.name,
        system=own or wider or model.profile.persona,
        whose="channel" if own else whose,
        usage=snapshot.state.usage,
        limit=model.prompt_limit,
        kept=len(snapshot.turns),
        cut=snapshot.state.cut,
        prompt=prompt,
        facts=facts,
    )
