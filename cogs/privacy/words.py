"""What `/privacy` says."""

from __future__ import annotations

from bot.conversation.people import Held
from bot.conversation.ports import ACTION_DAYS, MAX_LOGGED

FACT_DAYS = 400
LOG_DAYS = 30

OUT = (
    "Done. From now on I do not read, keep or answer what you write, in any server and in direct "
    "messages; nor when somebody quotes it or has me read back. (If the bot runs as several "
    "processes, the others know within a minute.)\n"
    "What I keep already stays until it expires: `/privacy erase` removes it now. "
    "`/privacy opt-in` undoes this."
)
IN = "Welcome back! I read and answer again what you write to me."
SENT = "I have sent you a direct message with everything I keep about you."
NO_DIRECT = "I may not send you direct messages, so here is everything I keep about you:"
ERASING = "Erasing… This can take a moment."
KEPT = "Nothing is erased."
NOT_YOURS = "Only who asked for this can decide it."
NEEDS_SERVER = "Retention is a setting of a server; please use this in one that I am a member of."
NEEDS_RIGHT = "How long this server's talks are kept is for those who may manage the server."


_SHOWN = """\
**What I keep about you**
- **What you write to me, and my replies:** until a conversation was quiet for {kept}. Right now: \
{talks}.
- **The exact text that the model was sent last**, and what it thought: one day.
- **Facts** you asked me to remember: until nobody asked for any in that place for {fact_days}. \
Right now: {facts}.
- **Reminders:** until they are delivered. Right now: {reminders}.
- **JSON schemas and system prompts of your direct messages:** until you delete them. Right now: \
{schemas}.
- **Characters and lorebooks you brought, and who you are in stories:** until you delete them. \
Right now: {library}.
- **Which tools I used for you:** {log_days}, the last {logged:,} of a server. Right now: {calls}. \
What waits for your Confirm: {action_days}.
**Where:** in the database of whoever operates this bot. To be answered, what you write goes to \
the language model ({model}) that they chose; what a tool looks up goes to the service it asks.
**What I cannot tell is yours:** your name in what others wrote, and schemas and system prompts \
that you set for a whole server or channel. What stands in Discord stays there; backups and logs \
are the operator's.
**You decide:** `/privacy export` sends you all of it, `/privacy erase` removes it, \
`/privacy opt-out` makes me leave you alone."""

_OPTED_OUT = "\n**You have opted out;** `/privacy opt-in` undoes that."


def shown(held: Held, *, days: int, here: int | None, model: str, opted_out: bool) -> str:
    """What is kept of a person, where and how long. `here` are the days of this server, if any."""
    text = _SHOWN.format(
        kept=_days(days) + (f" (in this server: {_days(here)})" if here else ""),
        talks=_talks(held),
        facts=len(held.facts),
        fact_days=_days(FACT_DAYS),
        reminders=len(held.reminders),
        schemas=len(held.schemas) + len(held.system_prompts),
        log_days=_days(LOG_DAYS),
        library=_library(held),
        logged=MAX_LOGGED,
        calls=len(held.tool_calls),
        action_days=_days(ACTION_DAYS),
        model=model,
    )
    return text + (_OPTED_OUT if opted_out else "")


def question(held: Held) -> str:
    """What erasing takes away, before it is confirmed."""
    return (
        "**Erase everything I keep about you?** In all servers, channels and direct messages, for "
        f"good: {_listed(held)}.{_SHARED if _shares(held) else ''} "
        "Summaries and last prompts of talks you took part in go too, your "
        "entries in the tool log as well, and a reply that is being written for you is dropped.\n"
        "What stands in Discord stays there. Others keep their own messages; where they quote you, "
        "your words are cut out."
    )


def erased(held: Held) -> str:
    """What was erased."""
    return (
        f"Done: I have erased everything I kept about you ({_listed(held)}). Talk to me again "
        "whenever you like; I start afresh. If you would rather I never read you, there is "
        "`/privacy opt-out`."
    )


def retention(days: int, own: int | None) -> str:
    """How long a server's conversations are kept."""
    if own is None or own >= days:
        return (
            f"Talks in this server are kept as long as everywhere: {_days(days)} after the last "
            "message. `/privacy retention days:7` would make it a week."
        )
    return f"Talks in this server are kept for {_days(own)} after the last message."


def changed(days: int, own: int | None, gone: int) -> str:
    """What a new retention means; `gone` conversations were older than that."""
    text = f"Done. {retention(days, own)}"
    if gone:
        text += (
            f" {_count(gone, 'conversation').capitalize()} had been quiet for longer: forgotten."
        )
    return text


def too_long(days: int) -> str:
    """Why a retention is not possible."""
    return f"This bot keeps talks for {_days(days)} at most. Please choose 1 to {days}."


def _listed(held: Held) -> str:
    others = (
        (len(held.facts), "fact"),
        (len(held.reminders), "reminder"),
        (len(held.schemas) + len(held.system_prompts), "schema or system prompt"),
        (len(held.tool_calls), "entry of the tool log"),
        (len(held.characters), "character"),
        (len(held.lorebooks), "lorebook"),
        (len(held.personas), "persona"),
    )
    return ", ".join((_talks(held), *(_count(number, what) for number, what in others if number)))


_SHARED = (
    " Characters and lorebooks that you gave to a server go, too; somebody there can "
    "`/character duplicate` them before."
)


def _shares(held: Held) -> bool:
    brought = (*held.characters, *held.lorebooks)
    return any(str(one["place"]).startswith("discord:server:") for one in brought)


def _library(held: Held) -> str:
    counts = (
        _count(len(held.characters), "character"),
        _count(len(held.lorebooks), "lorebook"),
        _count(len(held.personas), "persona"),
    )
    return ", ".join(counts)


def _talks(held: Held) -> str:
    if not held.conversations:
        return "no messages"
    messages, replies = _count(held.turns, "message"), _count(held.replies, "reply")
    places = _count(len(held.conversations), "conversation")
    return f"{messages} of yours and {replies} in {places}"


def _count(number: int, what: str) -> str:
    if number == 1:
        return f"one {what}"
    return f"{f'{number:,}' if number else 'no'} {_PLURALS.get(what, what + 's')}"


_PLURALS = {
    "reply": "replies",
    "entry of the tool log": "entries of the tool log",
    "schema or system prompt": "schemas and system prompts",
}


def _days(days: int) -> str:
    return "one day" if days == 1 else f"{days} days"
