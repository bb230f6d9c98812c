"""Asking for data and showing it, also once more by the Retry button."""

from __future__ import annotations

import re
from typing import Any, Self

import aiohttp
import discord

from bot.characters.policy import strings_in
from bot.client import HermesBot
from bot.client.failures import note
from bot.conversation.ask import Ask
from bot.conversation.models import Served
from bot.conversation.structured import JsonMode
from bot.errors import BadInput, StoreUnavailable, UserError
from bot.language import later, tr
from bot.tools.run import Step
from cogs.admission import asker_for
from cogs.components import Told
from cogs.json_mode import showing
from cogs.json_mode.request import FILE_NAME, Request
from cogs.places import conversation_in, engine_here, is_guest, rules_here
from cogs.policy import policy_here
from cogs.replies import NOT_YOURS, may_press

_NOT_WANTED = later("I do not show that answer: it has words that are not wanted in this server.")
_GONE = later("I do not have that question any more. Please use `/json ask` again.")


class RetryJson(
    Told,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"json:(?P<asker>\d{1,20})",
):
    """Asks the same again. The request is a file of the message, so it works after a restart."""

    def __init__(self, asker: int) -> None:
        super().__init__(
            discord.ui.Button(
                label=tr("Retry"), style=discord.ButtonStyle.secondary, custom_id=f"json:{asker}"
            )
        )
        self._asker = asker

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], __: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button anew from its id."""
        return cls(int(match["asker"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Read the request and ask again."""
        if not may_press(interaction, self._asker):
            raise BadInput(NOT_YOURS)
        request = await _request_of(interaction.message)
        # The button goes at once, so that it is not pressed twice.
        await interaction.response.edit_message(view=None)
        private = bool(interaction.message and interaction.message.flags.ephemeral)
        await ask(interaction, request, self._asker, private=private)


async def ask(
    interaction: discord.Interaction[HermesBot], request: Request, asker: int, *, private: bool
) -> None:
    """Ask the model and show the answer in the response, which has been promised (deferred).

    What may go better next time gets a Retry button for `asker`; other failures are raised.
    `private`: the answer is for the asker alone, and what tools are called with is not logged.
    """
    view = None
    try:
        engine = await engine_here(interaction)
        server = interaction.guild_id
        whose = asker_for(interaction.user, server, guest=is_guest(interaction))
        conversations, name = interaction.client.conversations, f"json {interaction.id}"
        async with conversations.charged(whose, name, engine) as served:
            steps: tuple[Step, ...] = ()
            if request.tools:
                steps = await _steps(interaction, request, served, asker, private=private)
            json_mode = JsonMode(served.engine, served.model)
            found = await json_mode.ask(request.schema, request.question, steps=steps)
        await _check(interaction, (found.text, found.value))
        shown = showing.answer(found, request.name)
    except UserError as error:
        if not error.retry:
            raise
        shown = showing.failure(error, note(error, "/json ask").text, request)
        view = _retry_view(asker)
    await interaction.edit_original_response(
        content=shown.content, attachments=shown.attachments(), view=view
    )


async def _check(interaction: discord.Interaction[HermesBot], answer: object) -> None:
    """Raise `BadInput` for an answer with words that the server does not want."""
    try:
        policy = await policy_here(interaction)
    except StoreUnavailable:
        # This needs no store and works without one; that nothing was ever read is rare.
        return
    if policy.blocklist.find("\n".join(strings_in(answer))):
        raise BadInput(_NOT_WANTED)


async def _steps(
    interaction: discord.Interaction[HermesBot],
    request: Request,
    served: Served,
    asker: int,
    *,
    private: bool,
) -> tuple[Step, ...]:
    """What the tools that are allowed here find for the question."""
    channel = interaction.channel_id or 0
    origin = {
        "channel": str(channel),
        "asker": str(asker),
        "guild": str(interaction.guild_id or ""),
        "private": "yes" if private else "",
        **await rules_here(interaction, interaction.user),
    }
    return await interaction.client.conversations.gather(
        Ask(
            conversation=conversation_in(channel),
            id=str(interaction.id),
            author=str(asker),
            text=request.question,
            origin=origin,
        ),
        served,
    )


async def _request_of(message: discord.Message | None) -> Request:
    for file in message.attachments if message else ():
        if file.filename == FILE_NAME:
            try:
                return Request.load(await file.read())
            except (discord.HTTPException, aiohttp.ClientError, OSError):
                break
    raise BadInput(_GONE)


def _retry_view(asker: int) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(RetryJson(asker))
    # Stopped from the start: the button is heard by its id, so discord.py need not keep the view.
    view.stop()
    return view
