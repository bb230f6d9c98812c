"""What was said can be changed: edited, deleted, taken back and brought again, branched off.

The front tells what has become of its messages; the next prompt follows. Whatever concerns a reply
waits until nobody writes in the conversation; what people did to their own messages is taken at
once, also while a reply is being written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.characters.chats.line import Chat
from bot.conversation import variants
from bot.conversation.chat_lines import Cast, in_view, turns_of
from bot.conversation.places import Places
from bot.conversation.ports import Store
from bot.conversation.questions import answers_same, last_question, next_number
from bot.conversation.revising import Brought, Edited
from bot.conversation.turns import BROUGHT, Role, Snapshot, Turn
from bot.errors import BadInput
from bot.language import later

NOT_IN_VIEW = later("That message is not part of what I remember here.")
NO_REPLY = later("That is none of my replies here, or I have forgotten it.")
_EMPTY = later("An empty text cannot stand for a reply. Delete the reply instead.")

Check = Callable[[Sequence[Turn]], None]
"""Is shown the turns that are to go or to come; raises a `UserError` if that may not be."""


def anything(_: Sequence[Turn]) -> None:
    """The check that lets everything happen."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an undo or a redo did: the turns that went or came, oldest first.

    `restored` is how many turns came back because the step before was a reset, or, where `brought`
    says so, because what came out of a file was taken out again.
    """

    turns: tuple[Turn, ...] = ()
    restored: int = 0
    brought: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """How long a prompt can be, in tokens as `size` estimates them."""

    limit: int
    size: Callable[[str], int]


class Timeline:
    """The said things of all conversations over one store."""

    def __init__(self, store: Store, places: Places) -> None:
        self._store = store
        self._places = places

    async def edit(self, conversation: str, message: str, text: str) -> Edited:
        """A message has another text now. One round trip."""
        async with self._places.visit(conversation) as place:
            waits = place.awaits(message)
            place.waiting[:] = [
                replace(ask, text=text) if ask.id == message else ask for ask in place.waiting
            ]
            edited = await self._store.edit(conversation, message, text)
        if waits and edited.where == "unknown":
            return Edited("live", changed=True)
        return edited

    async def remove(self, conversation: str, messages: Sequence[str]) -> tuple[Turn, ...]:
        """Messages are gone: so are the turns that they show, which are returned. One round trip.

        A reply that is being written ends, and leaves nothing, when all that it answers is gone.
        """
        gone = frozenset(messages)
        self._places.lose(gone)
        async with self._places.visit(conversation) as place:
            place.drop(gone)
            if place.reply:
                place.reply.lose(gone)
            return await self._store.remove(conversation, messages)

    async def forget(self, conversation: str, message: str = "") -> int:
        """Forget a conversation whose place is gone, and what was set up there.

        Returns the number of forgotten turns.

        For a day it stays known that `message` was taken up there: it may stand elsewhere.
        """
        async with self._places.visit(conversation) as place:
            place.waiting.clear()
            if place.reply:
                place.reply.withdraw()
            async with place.lock:
                return await self._store.clear(conversation, heard=message, settings=True)

    async def heard(self, conversation: str, messages: Sequence[str]) -> frozenset[str]:
        """Which messages have been taken up, whatever became of them since."""
        return await self._store.heard(conversation, messages) if messages else frozenset()

    async def find(self, conversation: str, message: str) -> Turn | None:
        """The turn of the window that a message shows."""
        return found(await self._store.load(conversation), message)

    def busy(self, conversation: str) -> bool:
        """Whether something is written or changed there, or about to be."""
        return conversation in self._places

    async def settled(self, conversation: str) -> Sequence[Turn]:
        """The turns of the window, once nobody writes there."""
        async with self._places.alone(conversation):
            return (await self._store.load(conversation)).turns

    async def show(self, conversation: str, message: str, steps: int) -> Turn:
        """Show another text of the reply that a message shows, so many steps further on."""
        async with self._places.alone(conversation):
            turn = _reply(await self._store.load(conversation), message)
            shown = variants.showing(turn, turn.variant + steps)
            await self._amend(conversation, turn, shown)
            return shown

    async def rewrite(self, conversation: str, message: str, text: str) -> Turn:
        """Give the reply that a message shows another text, by hand."""
        if not text.strip():
            raise BadInput(_EMPTY)
        async with self._places.alone(conversation):
            turn = _reply(await self._store.load(conversation), message)
            changed = variants.rewritten(turn, text.strip())
            await self._amend(conversation, turn, changed)
            return changed

    async def reshown(self, conversation: str, turn: Turn, shown: tuple[str, ...]) -> None:
        """A reply stands in other messages now."""
        if shown != turn.shown:
            async with self._places.alone(conversation):
                await self._store.amend(conversation, turn, replace(turn, shown=shown))

    async def undo(self, conversation: str, steps: int = 1, check: Check = anything) -> Step:
        """Take back the last questions with their replies, or a reset if nothing was said since.

        `redo` brings all of it again in one step. `check` is shown nothing where a reset is meant.
        What came out of a file goes as a whole, as long as nothing was said since.
        """
        async with self._places.alone(conversation):
            turns = (await self._store.load(conversation)).turns
            if await self._store.is_brought(conversation):
                check([one for one in turns if one.is_brought and one.role == "user"])
                return Step(restored=await self._store.restore(conversation), brought=True)
            taken = last_exchanges(turns, steps)
            check(taken)
            if not taken:
                return Step(restored=await self._store.restore(conversation))
            await self._take_back(conversation, taken)
            return Step(taken)

    async def redo(self, conversation: str, check: Check = anything) -> Step:
        """Bring back what the newest undo or rewind took."""
        async with self._places.alone(conversation):
            check(await self._store.undone(conversation))
            return Step(await self._store.redo(conversation))

    async def rewind(self, conversation: str, message: str, check: Check = anything) -> Step:
        """Take back all that came after a message, everything if it is "".

        `redo` brings it again in one step.
        """
        async with self._places.alone(conversation):
            taken = said_after((await self._store.load(conversation)).turns, message)
            check(taken)
            if taken:
                await self._take_back(conversation, taken)
            return Step(taken)

    async def reset(self, conversation: str) -> int:
        """Forget what was said; settings stay. Returns the number of forgotten turns.

        For a day, an undo brings it back as long as nothing else is said.
        """
        if reply := self._places.writing(conversation):
            reply.stop()
        async with self._places.alone(conversation):
            return await self._store.clear(conversation, restorable=True)

    async def bring(
        self,
        conversation: str,
        chat: Chat,
        cast: Cast,
        room: Room,
        *,
        author: str,
        key: str,
        instead: bool,
        server: str = "",
    ) -> int:
        """Put a chat out of a file into a conversation, behind what was said there or `instead`.

        `author` is the id of who brings it, `key` tells the file from others: the same one comes
        once. Returns how many turns that are. An undo takes them out again, and brings back what
        they replaced, for a day and as long as nothing else is said.
        """
        if instead and (reply := self._places.writing(conversation)):
            reply.stop()
        async with self._places.alone(conversation):
            snapshot = await self._store.load(conversation)
            if any(turn.id.startswith(f"{BROUGHT}{key}.") for turn in snapshot.turns):
                return len(chat.lines)  # Pressed again after a process that could not say so.
            first = 1 if instead else next_number(snapshot)
            turns = turns_of(chat, cast, author=author, key=key, first=first)
            before = () if instead else snapshot.turns
            window, cut = in_view([*before, *turns], room.limit, room.size)
            known = {turn.id for turn in before}
            brought = Brought(
                window=[turn for turn in window if turn.id not in known],
                cut=[turn for turn in cut if turn.id not in known],
                dropped=[turn.id for turn in cut if turn.id in known],
                start=window[0].n,
                instead=instead,
            )
            await self._store.bring(conversation, brought, server)
        return len(turns)

    async def say(
        self,
        conversation: str,
        message: str,
        text: str,
        *,
        role: Role = "assistant",
        author: str = "",
        shown: tuple[str, ...] = (),
        speaker: str = "",
        character: str = "",
    ) -> Turn:
        """Make a message part of the conversation that is no answer, such as a reminder.

        `author` is the id of whoever had it posted: with what is theirs it is erased. `speaker` is
        in whose name it stands, `character` the id of the character who says it.
        """
        async with self._places.alone(conversation):
            snapshot = await self._store.load(conversation)
            turn = Turn(
                message,
                next_number(snapshot),
                role,
                text,
                speaker=speaker,
                author=author,
                shown=shown or (message,),
                character=character,
            )
            await self._store.add(conversation, [turn])
            return turn

    async def reaches(self, conversation: str, message: str) -> Turn:
        """The turn that a message shows, also one that was cut from the window."""
        snapshot = await self._store.load(conversation)
        turn = found(snapshot, message) or _showing(
            await self._store.archive(conversation), message
        )
        if turn is None:
            raise BadInput(NOT_IN_VIEW)
        return turn

    async def branch(self, conversation: str, message: str, to: str) -> int:
        """Copy what was said up to a message into another conversation, settings too.

        Returns how many turns that are. The copies are shown nowhere in the branch.
        """
        snapshot = await self._store.load(conversation)
        last = found(snapshot, message)
        turns, state = snapshot.turns, snapshot.state
        if last is None:
            turns = await self._store.archive(conversation)
            # Nothing has been cut there: all that is copied comes into the window.
            state = replace(state, start=0, cut=0, base_tokens=0)
            last = _showing(turns, message)
        if last is None:
            raise BadInput(NOT_IN_VIEW)
        copied = [
            replace(turn, shown=()) for turn in turns if turn.n <= last.n and not turn.is_hidden
        ]
        async with self._places.alone(to):
            await self._store.save_state(to, state)
            await self._store.add(to, copied)
            if snapshot.stage:
                await self._store.save_stage(to, snapshot.stage)
            if snapshot.summary and turns is snapshot.turns:
                await self._store.summarise(to, snapshot.summary, 0)
        return len(copied)

    async def _take_back(self, conversation: str, turns: Sequence[Turn]) -> None:
        for turn in turns:
            if len(turn.shown) > 1:
                # Its other messages go: that they are deleted is not to delete the reply.
                await self._store.amend(conversation, turn, replace(turn, shown=turn.shown[:1]))
        await self._store.undo(conversation, [turn.id for turn in turns])

    async def _amend(self, conversation: str, before: Turn, turn: Turn) -> None:
        if turn != before and not await self._store.amend(conversation, before, turn):
            raise BadInput(NOT_IN_VIEW)


def found(snapshot: Snapshot, message: str) -> Turn | None:
    """The turn of the window that a message shows."""
    return _showing(snapshot.turns, message)


def last_exchanges(turns: Sequence[Turn], steps: int) -> tuple[Turn, ...]:
    """The last questions with their replies, so many or as many as there are, oldest first."""
    left = list(turns)
    for _ in range(steps):
        if left and left[-1].role == "assistant":
            newest = left.pop()
            while left and answers_same(left[-1], newest):
                left.pop()
        del left[len(left) - len(last_question(left)) :]
    return tuple(turns[len(left) :])


def said_after(turns: Sequence[Turn], message: str) -> tuple[Turn, ...]:
    """The turns that came after the one which a message shows; all of them after ""."""
    if not message:
        return tuple(turns)
    last = _showing(turns, message)
    if last is None:
        raise BadInput(NOT_IN_VIEW)
    return tuple(turn for turn in turns if turn.n > last.n)


def _showing(turns: Sequence[Turn], message: str) -> Turn | None:
    return next((t for t in turns if t.id == message or message in t.shown), None)


def _reply(snapshot: Snapshot, message: str) -> Turn:
    turn = found(snapshot, message)
    if turn is None or turn.role != "assistant":
        raise BadInput(NO_REPLY)
    return turn
