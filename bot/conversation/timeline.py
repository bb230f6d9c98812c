"""What was said can be changed: edited, deleted, taken back and brought again, branched off.

The front tells what has become of its messages; the next prompt follows. Whatever concerns a reply
waits until nobody writes in the conversation; what people did to their own messages is taken at
once, also while a reply is being written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation import variants
from bot.conversation.places import Places
from bot.conversation.ports import Store
from bot.conversation.questions import last_question, next_number
from bot.conversation.revising import Edited
from bot.conversation.turns import Role, Snapshot, Turn
from bot.errors import BadInput

NOT_IN_VIEW = "That message is not part of what I remember here."
NO_REPLY = "That is none of my replies here, or I have forgotten it."
_EMPTY = "An empty text cannot stand for a reply. Delete the reply instead."


@dataclass(frozen=True, slots=True)
class Step:
    """What an undo or a redo did: the turns that went or came, oldest first.

    `restored` is how many turns came back because the step before was a reset.
    """

    turns: tuple[Turn, ...] = ()
    restored: int = 0


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

    async def forget(self, conversation: str) -> int:
        """Forget a conversation whose place is gone. Returns the number of forgotten turns."""
        async with self._places.visit(conversation) as place:
            place.waiting.clear()
            if place.reply:
                place.reply.withdraw()
            async with place.lock:
                return await self._store.clear(conversation)

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

    async def undo(self, conversation: str) -> Step:
        """Take back the last question with its reply, or a reset if nothing was said since."""
        async with self._places.alone(conversation):
            turns = list((await self._store.load(conversation)).turns)
            if not turns:
                return Step(restored=await self._store.restore(conversation))
            last = [turns.pop()] if turns[-1].role == "assistant" else []
            taken = (*last_question(turns), *last)
            await self._store.undo(conversation, [turn.id for turn in taken])
            return Step(taken)

    async def redo(self, conversation: str) -> Step:
        """Bring back what the newest undo or rewind took."""
        async with self._places.alone(conversation):
            return Step(await self._store.redo(conversation))

    async def rewind(self, conversation: str, message: str) -> Step:
        """Take back all that came after a message; `redo` brings it again in one step."""
        async with self._places.alone(conversation):
            snapshot = await self._store.load(conversation)
            last = found(snapshot, message)
            if last is None:
                raise BadInput(NOT_IN_VIEW)
            taken = tuple(turn for turn in snapshot.turns if turn.n > last.n)
            if taken:
                await self._store.undo(conversation, [turn.id for turn in taken])
            return Step(taken)

    async def reset(self, conversation: str) -> int:
        """Forget what was said; settings stay. Returns the number of forgotten turns.

        For a day, an undo brings it back as long as nothing else is said.
        """
        if reply := self._places.writing(conversation):
            reply.stop()
        async with self._places.alone(conversation):
            return await self._store.clear(conversation, restorable=True)

    async def say(
        self,
        conversation: str,
        message: str,
        text: str,
        *,
        role: Role = "assistant",
        author: str = "",
        shown: tuple[str, ...] = (),
    ) -> Turn:
        """Make a message part of the conversation that is no answer, such as a reminder.

        `author` is the id of whoever had it posted: with what is theirs it is erased.
        """
        async with self._places.alone(conversation):
            snapshot = await self._store.load(conversation)
            turn = Turn(
                message,
                next_number(snapshot),
                role,
                text,
                author=author,
                shown=shown or (message,),
            )
            await self._store.add(conversation, [turn])
            return turn

    async def branch(self, conversation: str, message: str, to: str) -> int:
        """Copy what was said up to a message into another conversation, settings too.

        Returns how many turns that are. The copies are shown nowhere in the branch.
        """
        snapshot = await self._store.load(conversation)
        last = found(snapshot, message)
        turns = snapshot.turns
        if last is None:
            turns = await self._store.archive(conversation)
            last = _showing(turns, message)
        if last is None:
            raise BadInput(NOT_IN_VIEW)
        copied = [replace(turn, shown=()) for turn in turns if turn.n <= last.n]
        async with self._places.alone(to):
            await self._store.save_state(to, snapshot.state)
            await self._store.add(to, copied)
            if snapshot.summary and turns is snapshot.turns:
                await self._store.summarise(to, snapshot.summary, 0)
        return len(copied)

    async def _amend(self, conversation: str, before: Turn, turn: Turn) -> None:
        if turn != before and not await self._store.amend(conversation, before, turn):
            raise BadInput(NOT_IN_VIEW)


def found(snapshot: Snapshot, message: str) -> Turn | None:
    """The turn of the window that a message shows."""
    return _showing(snapshot.turns, message)


def _showing(turns: Sequence[Turn], message: str) -> Turn | None:
    return next((t for t in turns if t.id == message or message in t.shown), None)


def _reply(snapshot: Snapshot, message: str) -> Turn:
    turn = found(snapshot, message)
    if turn is None or turn.role != "assistant":
        raise BadInput(NO_REPLY)
    return turn
