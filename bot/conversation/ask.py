"""What a front hands to the conversation."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ask:
    """One message that wants an answer.

    `conversation` is the place ("discord:<channel id>"), `id` the front's id of the message:
    the same id is never answered twice. `speaker` is the writer's display name as it stands,
    empty where nobody needs naming (a DM, the playground). `text` is readable text: mentions,
    quotes and attachments are already written out. `origin` is what the front needs to answer
    there again after a restart. `engine` is the name of the engine that answers, empty for the
    default.
    """

    conversation: str
    id: str
    author: str
    text: str
    speaker: str = ""
    origin: dict[str, str] = field(default_factory=dict[str, str])
    engine: str = ""
