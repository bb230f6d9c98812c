"""`/persona` as its users see it."""

from __future__ import annotations

import pytest

from bot.conversation.library import Persona
from bot.errors import StoreUnavailable
from cogs.characters.shelf import own_library
from tests.discord.conftest import Stage

REFUSED = pytest.mark.simcord(check_errors=False)


async def written(stage: Stage, name: str, text: str) -> str:
    form = await stage.alice.slash(stage.channel, "persona set")
    done = await stage.alice.submit_modal(form, {"name": name, "text": text})
    assert done.ephemeral
    return done.response.content


async def shown(stage: Stage) -> str:
    return (await stage.alice.slash(stage.channel, "persona show")).response.content


async def test_it_is_set_shown_changed_and_cleared(stage: Stage) -> None:
    assert (await shown(stage)).startswith("You have no persona in this server:")
    assert await written(stage, " Ada  of the Fen", "She *limps*.") == (
        "Characters in this server know you as **Ada of the Fen** from now on, and what you wrote "
        "of yourself."
    )
    assert await shown(stage) == (
        "**Who you are in this server:** Ada of the Fen\n> She \\*limps\\*."
    )
    form = await stage.alice.slash(stage.channel, "persona set")
    assert "Ada of the Fen" in str(form.modal)
    await stage.alice.slash(stage.channel, "persona clear")
    assert (await shown(stage)).startswith("You have no persona")


async def test_it_is_of_one_person_in_one_server(stage: Stage) -> None:
    await written(stage, "Ada", "")
    others = await stage.bob.slash(stage.channel, "persona show")
    assert others.response.content.startswith("You have no persona")
    form = await stage.alice.user.slash("persona set")
    done = await stage.alice.user.submit_modal(form, {"name": "", "text": "A smith."})
    assert "in our direct messages know you as **Alice**" in done.response.content
    library = own_library(stage.alice.id)
    assert await stage.bot.store.personas(library, [str(stage.alice.id)]) == {
        str(stage.alice.id): Persona("", "A smith.")
    }
    assert "Ada" in await shown(stage)


async def test_writing_nothing_clears_it(stage: Stage) -> None:
    await written(stage, "Ada", "")
    assert "and nothing else" in await written(stage, "", " ")
    assert (await shown(stage)).startswith("You have no persona")


@REFUSED
async def test_nothing_that_was_typed_is_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object) -> None:
        raise StoreUnavailable

    form = await stage.alice.slash(stage.channel, "persona set")
    monkeypatch.setattr(stage.bot.store, "set_persona", down)
    told = await stage.alice.submit_modal(form, {"name": "A", "text": "Long."})
    message = [told.response, *told.followups][-1]
    assert message.content.startswith(StoreUnavailable.text)
    assert await message.attachments[0].read() == b"Long."
