"""Messages that people name by their link or id."""

from __future__ import annotations

import re

from bot.errors import BadInput
from bot.language import later

_NAMED = re.compile(
    r"<?(?:https?://(?:ptb\.|canary\.)?discord(?:app)?\.com/channels/(?:\d{1,20}|@me)/)?"
    r"(?:(?P<channel>\d{15,20})[/-])?(?P<message>\d{15,20})>?"
)

_NO_MESSAGE = later(
    "That is no message. Please give me its link or its id: both are in the menu of the message."
)
_ELSEWHERE = later("That message is in another channel. Please use the command there.")


def message_named(text: str, channel_id: int) -> int:
    """The id of a message that somebody means, which has to be in the channel."""
    named = _NAMED.fullmatch(text.strip())
    if named is None:
        raise BadInput(_NO_MESSAGE)
    if named["channel"] and int(named["channel"]) != channel_id:
        raise BadInput(_ELSEWHERE)
    return int(named["message"])
