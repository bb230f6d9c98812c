"""The names of all keys in Redis; docs/redis.md tells what each holds.

Every key of one conversation carries the same hash tag, `{conversation}`, so that a Redis Cluster
keeps them together and one script may touch them all. The names of conversations are
percent-encoded: whatever a front calls its channels, braces, spaces and control characters never
reach a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

PREFIX = "hermes:1:"
"""Everything of layout version 1. A new, incompatible layout takes the next number."""

ALWAYS_ON = f"{PREFIX}always-on"
ENGINES = f"{PREFIX}engines"
ACTIVE = f"{PREFIX}active"
OWED = f"{PREFIX}owed"
HEARD = f"{PREFIX}heard"
TOOL_RULES = f"{PREFIX}tool-rules"
POLICIES = f"{PREFIX}policies"
OPTED_OUT = f"{PREFIX}opted-out"
RETENTION = f"{PREFIX}retention"
CONFIG = f"{PREFIX}config"
LEFT = f"{PREFIX}left"
ALIVE = f"{PREFIX}processes"
CHANGES = f"{PREFIX}changes"
# One hash tag for all reminders: a script touches several of these keys.
REMINDERS = f"{PREFIX}{{reminders}}:"
REMINDERS_DUE = f"{REMINDERS}due"
REMINDERS_SAVED = f"{REMINDERS}saved"
REMINDERS_CLAIMED = f"{REMINDERS}claimed"

LASTING = (
    ALWAYS_ON,
    ENGINES,
    ACTIVE,
    OWED,
    HEARD,
    TOOL_RULES,
    POLICIES,
    OPTED_OUT,
    RETENTION,
    CONFIG,
    LEFT,
)
"""The keys that exist once per database and never expire; the code that writes trims them."""

_EMPTY = "%"  # no percent-encoded text is a lone percent sign; `{}` would be no hash tag at all


@dataclass(frozen=True, slots=True)
class ConversationKeys:
    """The keys of one conversation."""

    turns: str
    archive: str
    state: str
    pending: str
    sent: str
    undone: str
    before: str
    thoughts: str

    @classmethod
    def of(cls, conversation: str) -> ConversationKeys:
        """Name the keys of `conversation`, which may be any text."""
        stem = f"{PREFIX}{{{encode(conversation)}}}:"
        return cls(*(stem + part for part in cls.__slots__))

    @property
    def kept(self) -> tuple[str, str, str, str]:
        """The keys that live and expire together, in the order that the scripts take them."""
        return self.turns, self.archive, self.state, self.pending

    @property
    def every(self) -> tuple[str, ...]:
        """All of them, in the order that the scripts take them."""
        return (*self.kept, self.sent, self.undone, self.before, self.thoughts)


@dataclass(frozen=True, slots=True)
class LibraryKeys:
    """The keys of one library."""

    characters: str
    worlds: str
    blobs: str
    unused: str
    personas: str

    @classmethod
    def of(cls, library: str) -> LibraryKeys:
        """Name the keys of `library`, whose name may be any text."""
        stem = f"{PREFIX}{{{encode(library)}}}:"
        return cls(*(stem + part for part in cls.__slots__))

    @property
    def scripted(self) -> tuple[str, str, str, str]:
        """Those that the scripts take, in their order."""
        return self.characters, self.worlds, self.blobs, self.unused


def schemas(owner: str) -> str:
    """Name the key of the schemas that `owner` has saved."""
    return f"{PREFIX}{{{encode(owner)}}}:schemas"


def tool_log(owner: str) -> str:
    """Name the key of the calls that were made in a server."""
    return f"{PREFIX}{{{encode(owner)}}}:tool-log"


def config_log(server: str) -> str:
    """Name the key of the changes that were made to a server's settings."""
    return f"{PREFIX}{{{encode(server)}}}:config-log"


def tool_calls(owner: str, hour: int) -> str:
    """Name the key that counts the tool calls that a person or a server caused in one hour."""
    return f"{PREFIX}{{{encode(owner)}}}:tool-calls:{hour}"


def replies(owner: str, hour: int) -> str:
    """Name the key of the replies that a person or a server caused in one hour."""
    return f"{PREFIX}{{{encode(owner)}}}:replies:{hour}"


def tokens(owner: str, hour: int) -> str:
    """Name the key of the tokens that were written for a person or a server in one hour."""
    return f"{PREFIX}{{{encode(owner)}}}:tokens:{hour}"


def statistics(server: str, hour: int) -> tuple[str, str, str]:
    """Name the keys of a server's figures in one hour: counters, people, which are counted."""
    stem = f"{PREFIX}{{{encode(f'server:{server}')}}}:"
    return f"{stem}use:{hour}", f"{stem}use-people:{hour}", f"{stem}use-seen:{hour}"


def action(action_id: str) -> str:
    """Name the key of what waits for confirmation."""
    return f"{PREFIX}action:{encode(action_id)}"


def claim(what: str) -> str:
    """Name the key of something that only one process is to do."""
    return f"{PREFIX}claim:{encode(what)}"


def removal(message: str) -> str:
    """Name the key that tells that the bot takes a message away itself."""
    return f"{PREFIX}removed:{encode(message)}"


def facts(owner: str) -> str:
    """Name the key of what people asked the bot to remember in a place."""
    return f"{PREFIX}{{{encode(owner)}}}:facts"


def reminders_of(asker: str) -> str:
    """Name the key that lists one person's reminders."""
    return f"{REMINDERS}of:{encode(asker)}"


def encode(name: str) -> str:
    """Percent-encode any text, lone surrogates included, for use in a key or a member."""
    return quote(name, safe=":/@+,=", errors="surrogatepass") or _EMPTY


def decode(encoded: bytes) -> str:
    """Undo `encode`."""
    text = encoded.decode("ascii", "replace")
    return "" if text == _EMPTY else unquote(text, errors="surrogatepass")


def owed_member(conversation: str, reply: str) -> str:
    """Name one owed reply in the index over all conversations."""
    return f"{encode(conversation)} {encode(reply)}"


def split_owed_member(member: bytes) -> tuple[str, str]:
    """Undo `owed_member`: the conversation and the reply."""
    conversation, _, reply = member.partition(b" ")
    return decode(conversation), decode(reply)


def encoded(identifier: str) -> bytes:
    """Any text, half a surrogate pair too, as bytes: an id as the field of a hash."""
    return identifier.encode("utf-8", "surrogatepass")


def decoded(field: bytes) -> str:
    """Undo `encoded`."""
    return field.decode("utf-8", "surrogatepass")
