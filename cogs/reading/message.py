"""A message in words: its text, what it answers, and everything that hangs on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import discord

from bot.conversation.ask import Ask
from bot.prompts.speakers import clean_name
from cogs.places import conversation_in
from cogs.reading.files import named, read_files, wants_download
from cogs.reading.words import Names, is_blank, label, readable, shortened, without_mention
from cogs.voices.heads import without_head
from cogs.voices.mine import OwnNames, is_mine

# A quote of something that the conversation has already is only there to point at it.
_SHORT_QUOTE = 200
_LONG_QUOTE = 2_000
_EMBED = 500

Quoted = Literal["nobody", "others", "all"]
"""Of whom a message that is replied to is quoted with all that it says."""

# What is said for somebody who only mentions the bot.
GREETING = "Hello!"


async def ask_of(
    message: discord.Message,
    client: OwnNames,
    *,
    quote_me: bool = True,
    quote_fully: bool = True,
    noted: Mapping[str, str] | None = None,
    ignores: Callable[[str], bool] = lambda _: False,
    thread: int | None = None,
    starter: discord.Message | None = None,
) -> Ask:
    """Read a message; downloads are bounded in size and time, and failures said in the text.

    `quote_me` tells whether a message of the bot, or of one of its characters, that this one
    replies to is quoted.
    `quote_fully` gives another person's message with up to 2,000 characters and its files, which
    is wanted where the conversation does not have it already. `noted` is what else
    the reply's origin says. `ignores` tells of an author's id whether they are left alone: then
    they are not quoted. `thread` is the one that begins with this message, if it is answered there:
    its talk knows nothing of what was said before, so that this is quoted in full, whoever said it.
    So is the `starter`, with which somebody else's thread began, as if it was replied to.
    """
    guild, place = message.guild, thread or message.channel.id
    anew = bool(thread or starter)
    fully: Quoted = "all" if anew else "others" if quote_fully else "nobody"
    return Ask(
        conversation=conversation_in(place),
        id=str(message.id),
        author=str(message.author.id),
        speaker=message.author.display_name if guild else "",
        text=await _text(message, client, quote_me or anew, fully, ignores, starter),
        origin={
            "channel": str(place),
            "message": str(message.id),
            "asker": str(message.author.id),
            "guild": str(guild.id) if guild else "",
            **(noted or {}),
        },
    )


def needs_download(message: discord.Message) -> bool:
    """Whether reading the message takes requests to Discord."""
    quoted = quoted_in(message)
    return wants_download(_files(message)) or bool(quoted and wants_download(_files(quoted)))


def text_for_ask(interaction: discord.Interaction, text: str) -> str:
    """The text of a command's option, written out as far as it can be."""
    guild = interaction.guild
    return readable(text, _names(guild, (), interaction.client.user)).strip()


def posted_text(message: discord.Message, me: discord.ClientUser | None) -> str:
    """What a message of the bot says, as the model reads it."""
    return readable(message.content, _names(message.guild, message.mentions, me)).strip()


def words_of(message: discord.Message, me: discord.ClientUser | None) -> str:
    """How a message may be called: its own words, else the first thing that hangs on it."""
    said = without_mention(message.content, *_own_ids(message.guild, me))
    words = readable(said, _names(message.guild, message.mentions, me)).strip()
    if not is_blank(words):
        return words
    things = (*message.attachments, *message.stickers)
    named_so = [
        thing.filename if isinstance(thing, discord.Attachment) else thing.name for thing in things
    ]
    polled = [message.poll.question] if message.poll else []
    return next(iter([*polled, *named_so]), "")


def quote_about(message: discord.Message, me: discord.ClientUser | None) -> str:
    """`[about a message by Bob: "text"] `, which a question about it follows.

    Its files are not read, only what Discord has sent of it; "" if there is nothing to read.
    """
    own = me is not None and message.author.id == me.id
    by = "about your message" if own else f"about a message by {_name(message)}"
    return _as_quote(by, _said(message, me, full=True), bool(message.attachments))


def quoted_in(message: discord.Message) -> discord.Message | None:
    """The message that this one replies to, if Discord sent it along."""
    reference = message.reference
    if reference is None or message.type is not discord.MessageType.reply:
        return None
    found = reference.resolved or reference.cached_message
    return found if isinstance(found, discord.Message) else None


async def _text(
    message: discord.Message,
    client: OwnNames,
    quote_me: bool,
    fully: Quoted,
    ignores: Callable[[str], bool],
    starter: discord.Message | None,
) -> str:
    me = client.user
    names = _names(message.guild, message.mentions, me)
    said = without_mention(message.content, *_own_ids(message.guild, me))
    parts = [_title(message), readable(said, names).strip()]
    parts += [_forwarded(snapshot, names) for snapshot in message.message_snapshots]
    parts += _extras(message)
    parts += await read_files(_files(message))
    parts = [part for part in parts if not is_blank(part)]
    quoted, quote = quoted_in(message) or starter, ""
    if quoted and not ignores(str(quoted.author.id)):
        own = is_mine(client, quoted)
        full = fully == "all" or (fully == "others" and not own)
        if quote_me or not own:
            quote = _quote(quoted, me, full=full)
        if full:
            parts += await read_files(_files(quoted))
    if not parts and not quote:
        return GREETING
    return (quote + "\n".join(parts)).rstrip()


def _title(message: discord.Message) -> str:
    """The title of a post in a forum, with which its first message goes; else nothing."""
    post = message.channel
    if not isinstance(post, discord.Thread) or message.id != post.id:
        return ""
    return f"[title: {label(post.name)}]" if isinstance(post.parent, discord.ForumChannel) else ""


def _quote(quoted: discord.Message, me: discord.ClientUser | None, *, full: bool) -> str:
    """`[in reply to Bob: "text"] `; a long quote of several lines keeps them."""
    in_own_name = me is not None and quoted.author.id == me.id
    whose = "your message" if in_own_name else _name(quoted)
    said = _said(quoted, me, full=full)
    return _as_quote(f"in reply to {whose}", said, bool(quoted.attachments))


def _name(message: discord.Message) -> str:
    return clean_name(message.author.display_name)


def _said(quoted: discord.Message, me: discord.ClientUser | None, *, full: bool) -> str:
    """What is quoted of a message: a good part with its lines, or its beginning in one line."""
    names = _names(quoted.guild, quoted.mentions, me)
    content = without_head(quoted.content) if quoted.webhook_id else quoted.content
    parts = [readable(content, names).strip(), *_panel(quoted.components, names)]
    parts += _extras(quoted)
    parts += [_forwarded(snapshot, names) for snapshot in quoted.message_snapshots]
    if not full:
        parts += map(named, quoted.attachments)
    text = "\n".join(part for part in parts if not is_blank(part))
    return shortened(
        text if full else " ".join(text.split()), _LONG_QUOTE if full else _SHORT_QUOTE
    )


def _as_quote(what: str, text: str, with_files: bool) -> str:
    if not text:
        return f"[{what}] " if with_files else ""
    return f'[{what}: "{text}"]' + ("\n" if "\n" in text else " ")


def _forwarded(snapshot: discord.MessageSnapshot, names: Names) -> str:
    parts = [readable(snapshot.content, names).strip(), *_panel(snapshot.components, names)]
    parts += map(named, snapshot.attachments)
    parts += [f"[sticker: {label(sticker.name)}]" for sticker in snapshot.stickers]
    parts += [_embed(embed) for embed in snapshot.embeds if embed.type == "rich"]
    text = "\n".join(part for part in parts if not is_blank(part)) or "(empty)"
    return f"[forwarded message]\n{text}\n[end of forwarded message]"


def _files(message: discord.Message) -> list[discord.Attachment]:
    """The files of a message, and what can be read of those that it forwards."""
    forwarded = (file for snapshot in message.message_snapshots for file in snapshot.attachments)
    return [*message.attachments, *(file for file in forwarded if wants_download([file]))]


def _panel(components: Sequence[object], names: Names) -> list[str]:
    """The texts of a message that an app has made of parts: such a one has no content."""
    found: list[str] = []
    for part in components:
        if isinstance(part, discord.TextDisplay):
            found.append(readable(part.content, names).strip())
        found += _panel(getattr(part, "children", ()), names)
    return found


def _extras(message: discord.Message) -> list[str]:
    """Stickers, a poll and embeds that a bot made (previews of links are not what was said)."""
    parts = [f"[sticker: {label(sticker.name)}]" for sticker in message.stickers]
    if message.poll:
        told = (answer.text or str(answer.emoji or "") for answer in message.poll.answers)
        answers = "; ".join(map(label, told))
        parts.append(f"[poll: {label(message.poll.question)} Answers: {answers}]")
    return parts + [_embed(embed) for embed in message.embeds if embed.type == "rich"]


def _embed(embed: discord.Embed) -> str:
    fields = [f"{field.name}: {field.value}" for field in embed.fields]
    text = " ".join(part for part in (embed.title, embed.description, *fields) if part)
    return f"[embed: {shortened(' '.join(text.split()), _EMBED)}]" if text.strip() else ""


def _names(
    guild: discord.Guild | None,
    mentions: Iterable[discord.User | discord.Member],
    me: discord.ClientUser | None,
) -> Names:
    people = {person.id: person.display_name for person in mentions}

    def user(user_id: int) -> str | None:
        if me is not None and user_id == me.id:
            return clean_name(guild.me.display_name if guild and guild.me else me.display_name)
        known = people.get(user_id)
        return clean_name(known) if known is not None else None

    def role(role_id: int) -> str | None:
        found = guild.get_role(role_id) if guild else None
        return clean_name(found.name) if found else None

    def channel(channel_id: int) -> str | None:
        found = guild.get_channel_or_thread(channel_id) if guild else None
        return label(found.name) if found else None

    return Names(user, role, channel)


def _own_ids(guild: discord.Guild | None, me: discord.ClientUser | None) -> list[int]:
    role = guild.self_role if guild else None
    return [found.id for found in (me, role) if found is not None]
