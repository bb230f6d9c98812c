"""What the model was last sent in a conversation, for `/context`. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversation.model import ModelInUse
from bot.conversation.recalling import seen_by
from bot.conversation.turns import Snapshot, Usage


@dataclass(frozen=True, slots=True)
class ContextReport:
    """What the model was last sent in a conversation.

    `prompt` is the exact text of the last request, None if there was none or it has expired.
    `inherited`: a wider place gave `system`. `limit` is how many tokens a prompt may have;
    `kept` turns are sent, `cut` no more. `facts` are the lines of the memory that stood in it.
    What only another person may see is not told.
    """

    model: str
    system: str
    own_system: bool
    usage: Usage
    limit: int
    kept: int
    cut: int
    prompt: str | None
    facts: tuple[str, ...] = ()
    inherited: bool = False


def report_of(
    snapshot: Snapshot, model: ModelInUse, sent: str | None, viewer: str, inherited: str = ""
) -> ContextReport:
    """A conversation as a person may see it.

    `sent` is the exact prompt, `inherited` the system prompt of a wider place.
    """
    prompt, facts = seen_by(viewer, sent, snapshot.state.usage)
    return ContextReport(
        model=model.profile.name,
        system=snapshot.state.system or inherited or model.profile.persona,
        own_system=bool(snapshot.state.system),
        inherited=bool(inherited) and not snapshot.state.system,
        usage=snapshot.state.usage,
        limit=model.prompt_limit,
        kept=len(snapshot.turns),
        cut=snapshot.state.cut,
        prompt=prompt,
        facts=facts,
    )
