"""What `/privacy` says."""

from __future__ import annotations

from bot.conversation.departures import LEFT_DAYS
from bot.conversation.people import Held
from bot.conversation.ports import ACTION_DAYS, MAX_LOGGED
from bot.language import Text, later, tr

FACT_DAYS = 400
LOG_DAYS = 30

OUT = later(
    "Done. From now on I do not read, keep or answer what you write, in any server and in direct "
    "messages; nor when somebody quotes it or has me read back. (If the bot runs as several "
    "processes, the others know within a minute.)\n"
    "What I keep already stays until it expires: `/privacy erase` removes it now. "
    "`/privacy opt-in` undoes this."
)
IN = later("Welcome back! I read and answer again what you write to me.")
SENT = later("I have sent you a direct message with everything I keep about you.")
NO_DIRECT = later("I may not send you direct messages, so here is everything I keep about you:")
ERASING = later("Erasing… This can take a moment.")
KEPT = later("Nothing is erased.")
NOT_YOURS = later("Only who asked for this can decide it.")
NEEDS_SERVER = later(
    "Retention is a setting of a server; please use this in one that I am a member of."
)
NEEDS_RIGHT = later("How long this server's talks are kept is for those who may manage the server.")


_SHOWN = later(
    """\
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
)

_LEFT = later("**Servers that I have left:** what belongs to them goes {left_days} later.")
_OPTED_OUT = later("**You have opted out;** `/privacy opt-in` undoes that.")


def shown(held: Held, *, days: int, here: int | None, model: str, opted_out: bool) -> str:
    """What is kept of a person, where and how long. `here` are the days of this server, if any."""
    kept = _days(days)
    if here:
        kept = tr("{days} (in this server: {own})", days=kept, own=_days(here))
    text = tr(_SHOWN).format(
        kept=kept,
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
    text += f"\n{tr(_LEFT).format(left_days=_days(LEFT_DAYS))}"
    return f"{text}\n{tr(_OPTED_OUT)}" if opted_out else text


def question(held: Held) -> str:
    """What erasing takes away, before it is confirmed."""
    told = [
        tr(
            "**Erase everything I keep about you?** In all servers, channels and direct messages, "
            "for good: {what}.",
            what=_listed(held),
        )
    ]
    if _shares(held):
        told.append(tr(_SHARED))
    told.append(tr(_ELSE_ERASED))
    return " ".join(told)


def erased(held: Held) -> str:
    """What was erased."""
    return tr(
        "Done: I have erased everything I kept about you ({what}). Talk to me again "
        "whenever you like; I start afresh. If you would rather I never read you, there is "
        "`/privacy opt-out`.",
        what=_listed(held),
    )


def retention(days: int, own: int | None) -> str:
    """How long a server's conversations are kept."""
    if own is None or own >= days:
        return tr(
            "Talks in this server are kept as long as everywhere: one day after the last "
            "message. `/privacy retention days:7` would make it a week.",
            "Talks in this server are kept as long as everywhere: {n} days after the last "
            "message. `/privacy retention days:7` would make it a week.",
            n=days,
        )
    return tr(
        "Talks in this server are kept for one day after the last message.",
        "Talks in this server are kept for {n} days after the last message.",
        n=own,
    )


def changed(days: int, own: int | None, gone: int) -> str:
    """What a new retention means; `gone` conversations were older than that."""
    told = [tr("Done."), retention(days, own)]
    if gone:
        told.append(
            tr(
                "One conversation had been quiet for longer: forgotten.",
                "{n:,} conversations had been quiet for longer: forgotten.",
                n=gone,
            )
        )
    return " ".join(told)


def too_long(days: int) -> Text:
    """Why a retention is not possible."""
    return later(
        "This bot keeps talks for one day at most. Please choose 1 to {n}.",
        "This bot keeps talks for {n} days at most. Please choose 1 to {n}.",
        n=days,
    )


def _listed(held: Held) -> str:
    prompts = len(held.schemas) + len(held.system_prompts)
    others = (
        later("one fact", "{n:,} facts", n=len(held.facts)),
        later("one reminder", "{n:,} reminders", n=len(held.reminders)),
        later("one schema or system prompt", "{n:,} schemas and system prompts", n=prompts),
        later("one entry of the tool log", "{n:,} entries of the tool log", n=len(held.tool_calls)),
        _characters(held),
        _lorebooks(held),
        _personas(held),
    )
    return ", ".join((_talks(held), *(tr(one) for one in others if one.values["n"])))


_SHARED = later(
    "Characters and lorebooks that you gave to a server go, too; somebody there can "
    "`/character duplicate` them before."
)


_ELSE_ERASED = later(
    "Summaries and last prompts of talks you took part in go too, your "
    "entries in the tool log as well, and a reply that is being written for you is dropped.\n"
    "What stands in Discord stays there. Others keep their own messages; where they quote you, "
    "your words are cut out."
)


def _shares(held: Held) -> bool:
    brought = (*held.characters, *held.lorebooks)
    return any(str(one["place"]).startswith("discord:server:") for one in brought)


def _library(held: Held) -> str:
    counts = (
        _characters(held) if held.characters else later("no characters"),
        _lorebooks(held) if held.lorebooks else later("no lorebooks"),
        _personas(held) if held.personas else later("no personas"),
    )
    return ", ".join(map(tr, counts))


def _characters(held: Held) -> Text:
    return later("one character", "{n:,} characters", n=len(held.characters))


def _lorebooks(held: Held) -> Text:
    return later("one lorebook", "{n:,} lorebooks", n=len(held.lorebooks))


def _personas(held: Held) -> Text:
    return later("one persona", "{n:,} personas", n=len(held.personas))


def _talks(held: Held) -> str:
    if not held.conversations:
        return tr("no messages")
    messages, replies = later("no messages of yours"), later("no replies")
    if held.turns:
        messages = later("one message of yours", "{n:,} messages of yours", n=held.turns)
    if held.replies:
        replies = later("one reply", "{n:,} replies", n=held.replies)
    places = later("in one conversation", "in {n:,} conversations", n=len(held.conversations))
    return tr(
        "{messages} and {replies} {places}", messages=messages, replies=replies, places=places
    )


def _days(days: int) -> str:
    return tr("one day", "{n} days", n=days)
