"""The library of characters, as people see it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from bot.characters.editing import new_card
from bot.characters.read import read_card
from bot.conversation.library import MAX_CHARACTERS, Character
from bot.errors import StoreUnavailable
from bot.tools.kit import Kit
from cogs.characters.parts import PARTS
from cogs.characters.shelf import own_library
from tests.discord.character_support import as_file, card, in_picture, labels, member, texts
from tests.discord.conftest import MakeBot, Stage
from tests.net.internet import Internet

REFUSED = pytest.mark.simcord(check_errors=False)


@pytest.fixture
def keeper(stage: Stage) -> MemberActor:
    """Somebody who may manage the server's channels."""
    return member(stage, "keeper", manage_channels=True)


async def bring(stage: Stage, who: MemberActor | None = None, **options: Any) -> InteractionResult:
    options = {"file": as_file()} | options
    given = {name: value for name, value in options.items() if value is not None}
    return await (who or stage.alice).slash(stage.channel, "character import", **given)


async def listed(stage: Stage, who: MemberActor, **options: Any) -> str:
    return (await who.slash(stage.channel, "character list", **options)).response.content


async def offered(stage: Stage, who: MemberActor, typed: str) -> list[str]:
    choices = await who.autocomplete(stage.channel, "character show", "character", typed)
    return [choice["name"] for choice in choices]


async def panel(stage: Stage, who: MemberActor, name: str = "Mira") -> str:
    shown = await who.slash(stage.channel, "character show", character=name)
    return texts(shown.response.components)


class TestImport:
    """A card comes in from anywhere, and is told."""

    async def test_a_json_file_of_ones_own(self, stage: Stage) -> None:
        brought = await bring(stage)
        assert brought.ephemeral
        lines = brought.response.content.splitlines()
        assert lines[0].startswith("**Mira** is in your own library; nobody else finds it: about ")
        assert lines[0].endswith("3 greetings, 2 lore entries, no picture.")
        assert "> Be kind to her." in lines
        assert labels(brought.response.components) == ["Bring into this channel", "Show"]

    async def test_a_picture_for_the_server(self, stage: Stage, keeper: MemberActor) -> None:
        brought = await bring(stage, keeper, file=in_picture())
        assert brought.response.content.startswith("**Mira** is in the library: about ")
        assert "no greeting, with its picture." in brought.response.content
        assert await offered(stage, stage.bob, "") == ["Mira"]

    async def test_without_options_a_form_takes_a_file_or_a_text(self, stage: Stage) -> None:
        for given, name in (
            ({"file": [as_file("Anselm")]}, "Anselm"),
            ({"text": json.dumps({"name": "Old", "description": "Flat."})}, "Old"),
        ):
            form = await bring(stage, file=None)
            brought = await stage.alice.submit_modal(form, given)
            assert brought.response.content.startswith(f"**{name}** is in your own library")

    async def test_what_was_repaired_is_said(self, stage: Stage) -> None:
        brought = await bring(stage, file=as_file(tags="inn"))
        assert "⚠️ \\`tags\\` was one text" in brought.response.content

    async def test_notes_are_in_the_readers_language(self, stage: Stage) -> None:
        notes = {"de": "Seid nett zu ihr.", "en": "Be nice."}
        brought = await bring(stage, file=as_file(creator_notes_multilingual=notes))
        assert "> Be nice." in brought.response.content

    async def test_from_a_link_that_leads_to_the_public_internet(self, stage: Stage) -> None:
        internet = Internet()
        internet.names["cards.example"] = [["93.184.216.34"]]
        internet.names["inside.example"] = [["10.0.0.7"]]

        async def serve(request: web.Request) -> web.Response:
            if request.path == "/mira.png":
                return web.Response(body=in_picture()[1], content_type="image/png")
            if request.path == "/large.png":
                return web.Response(body=bytes(11 * 2**20), content_type="image/png")
            return web.Response(text="<html>", content_type="text/html")

        await internet.serve("93.184.216.34", 80, serve)
        try:
            async with internet.fetcher() as fetcher:
                stage.bot.kit = Kit(stage.bot.settings, fetcher, stage.bot.store)
                brought = await bring(stage, file=None, link="<http://cards.example/mira.png?a=b>")
                assert "with its picture." in brought.response.content
                stage.env.check_errors = False
                for link, words in (
                    ("http://cards.example/large.png", "too large"),
                    ("http://cards.example/page", "sent text/html"),
                    ("http://inside.example/mira.png", "is not a server on the public internet"),
                    ("http://nowhere.example/x", "nowhere.example"),
                    ("file:///etc/passwd", "not the address of a web page"),
                ):
                    refused = await bring(stage, file=None, link=link)
                    assert words in refused.response.content, link
        finally:
            await internet.close()

    async def test_a_name_that_discord_does_not_take_is_told(self, stage: Stage) -> None:
        brought = await bring(stage, file=as_file("Clyde"))
        assert "in chat it is spelled **C·lyde**." in brought.response.content

    async def test_tags_or_the_option_make_it_for_adults(self, stage: Stage) -> None:
        for options in ({"file": as_file(tags=["NSFW"])}, {"adult": True}):
            brought = await bring(stage, **options)
            assert "**for age-restricted channels only**" in brought.response.content
        [one, other] = await stage.bot.store.characters(own_library(stage.alice.id))
        assert (one.adult, other.adult) == (True, True)

    async def test_nothing_of_a_card_has_effect_in_discord(self, stage: Stage) -> None:
        brought = await bring(
            stage, file=as_file("@everyone *x*", creator_notes="@everyone [a](https://x.y) <@1>")
        )
        assert "@everyone \\*x\\*" not in brought.response.content, "it would call everybody"
        assert "\\*x\\*" in brought.response.content
        assert brought.response.message.mention_everyone is False

    @REFUSED
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"file": ("a.json", b"{]")}, "JSON is broken"),
            ({"file": ("a.png", b"\x89PNG\r\n\x1a\n")}, "PNG"),
            ({"file": ("a.txt", b"hello")}, "no character in that file"),
            ({"file": ("a.json", b"")}, "is empty"),
            ({"file": ("w.json", b'{"entries": [{"keys": ["a"]}]}')}, "`/lore import` takes it"),
            ({"link": "https://example.org/a.png"}, "a file or a link, not both"),
            ({"for": "server"}, "manage the server or its channels"),
        ],
    )
    async def test_what_is_wrong_has_its_words(
        self, stage: Stage, options: dict, words: str
    ) -> None:
        refused = await bring(stage, **options)
        assert words in refused.response.content
        assert refused.ephemeral
        assert await stage.bot.store.characters(own_library(stage.alice.id)) == []

    @REFUSED
    async def test_an_empty_form_is_told(self, stage: Stage) -> None:
        form = await bring(stage, file=None)
        refused = await stage.alice.submit_modal(form, {"text": " "})
        assert "neither a file nor any text" in refused.response.content

    @REFUSED
    async def test_a_full_library_is_told(self, stage: Stage) -> None:
        library, owner = own_library(stage.alice.id), str(stage.alice.id)
        for n in range(MAX_CHARACTERS):
            other = Character(f"c{n}", library, f"c{n}", owner, "")
            await stage.bot.store.save_character(other)
        refused = await bring(stage)
        assert f"{MAX_CHARACTERS} characters in your library" in refused.response.content

    @REFUSED
    async def test_no_store_is_told(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        async def down(*_: object) -> None:
            raise StoreUnavailable

        monkeypatch.setattr(stage.bot.store._redis, "run", down)
        refused = await bring(stage)
        assert refused.response.content == StoreUnavailable.text
        assert await offered(stage, stage.alice, "") == []


class TestFind:
    """A character is found by its name, and nobody finds another one's."""

    async def test_private_ones_are_their_owners_everywhere(self, stage: Stage) -> None:
        await bring(stage)
        assert await offered(stage, stage.alice, "mi") == ["Mira · inn · fantasy · private"]
        assert await offered(stage, stage.bob, "mi") == []
        assert "no characters here yet" in await listed(stage, stage.bob)
        elsewhere = stage.env.create_guild("Elsewhere")
        channel = elsewhere.create_text_channel("tavern")
        alice = elsewhere.add_member(stage.alice.user)
        shown = await alice.slash(channel, "character show", character="mira")
        assert "## Mira" in texts(shown.response.components)
        in_a_dm = await stage.alice.user.slash("character list")
        assert "- **Mira** · private, inn, fantasy" in in_a_dm.response.content

    async def test_words_prefixes_tags_and_slips(self, stage: Stage, keeper: MemberActor) -> None:
        for name, tags in (("Mira of the Ford", ["inn"]), ("Captain Amira", ["ships"])):
            await bring(stage, keeper, file=as_file(name, tags=tags))
        for typed, names in (
            ("mir", ["Mira of the Ford", "Captain Amira"]),
            ("for mi", ["Mira of the Ford"]),
            ("ship", ["Captain Amira"]),
            ("captian", ["Captain Amira"]),
            ("zz", []),
        ):
            found = [name.partition(" · ")[0] for name in await offered(stage, stage.bob, typed)]
            assert found == names, typed

    @REFUSED
    async def test_those_of_one_name_are_told_apart(
        self, stage: Stage, keeper: MemberActor
    ) -> None:
        for _ in range(2):
            await bring(stage, keeper, file=as_file(tags=[]))
        first, second = await offered(stage, stage.bob, "mira")
        assert first != second
        assert all(name.startswith("Mira · #") for name in (first, second))
        refused = await stage.bob.slash(stage.channel, "character show", character="Mira")
        assert "There are several called “Mira” here" in refused.response.content
        choices = await stage.bob.autocomplete(stage.channel, "character use", "character", "")
        assert "## Mira" in await panel(stage, stage.bob, choices[1]["value"])

    @REFUSED
    async def test_an_unknown_name_is_told(self, stage: Stage) -> None:
        refused = await stage.bob.slash(stage.channel, "character show", character="*Nobody*")
        assert refused.response.content == (
            "I know no character “\\*Nobody\\*” here. Choose one that Discord suggests while you "
            "type, or see `/character list`."
        )

    async def test_lists_are_searched_and_leafed_through(
        self, stage: Stage, keeper: MemberActor
    ) -> None:
        for n in range(17):
            tags = ["even"] if n % 2 == 0 else ["odd"]
            await bring(stage, keeper, file=as_file(f"Char {n:02}", tags=tags))
        first = await stage.bob.slash(stage.channel, "character list")
        assert first.response.content.startswith("**Characters here: 17.**")
        assert "Page 1 of 2" in first.response.content
        assert "Char 16" not in first.response.content
        await stage.bob.click(first.response, label=None, custom_id="characters:2:|")
        assert "Char 16" in first.response.content
        even = await listed(stage, stage.bob, tag="even")
        assert even.startswith("**9 of 17 characters:**")
        assert "Char 01" not in even
        assert "Char 03" in await listed(stage, stage.bob, search="char 03")
        assert "No character fits" in await listed(stage, stage.bob, search="dragon")
        tags = await stage.bob.autocomplete(stage.channel, "character list", "tag", "e")
        assert [tag["name"] for tag in tags] == ["even (9)"]


class TestShow:
    """A card as a panel."""

    async def test_everything_of_a_card(self, stage: Stage, keeper: MemberActor) -> None:
        await bring(stage, keeper, file=as_file(nickname="Mi", system_prompt="Be Mira."))
        shown = await stage.bob.slash(stage.channel, "character show", character="Mira")
        assert shown.ephemeral
        told = texts(shown.response.components)
        for words in (
            "## Mira\nby ada · version 1.2\ncalled Mi\n-# inn, fantasy",
            "**Its creator says**\n> Be kind to her.\n> \n> A second paragraph.",
            "**Begins with**",
            "> \\*She looks up.\\* “You look drowned",
            "**3 greetings, 2 lore entries**",
            "tokens in every prompt",
            "system prompt ",
            "lore ",
        ):
            assert words in told, told
        assert labels(shown.response.components) == ["Bring into this channel"]

    async def test_the_picture_is_in_it_and_others_can_see_it(
        self, stage: Stage, keeper: MemberActor
    ) -> None:
        name, data = in_picture()
        await bring(stage, keeper, file=(name, data))
        shown = await stage.bob.slash(
            stage.channel, "character show", character="Mira", everybody=True
        )
        assert not shown.ephemeral
        [file] = shown.response.attachments
        assert file.filename == "picture.png"
        assert await file.read() == read_card(data).picture
        assert "picture.png" in json.dumps(shown.response.components)

    async def test_the_longest_card_fits(self, stage: Stage) -> None:
        long = "*word*\n" * 2_000
        await bring(
            stage,
            file=as_file(
                "N" * 200,
                nickname="k" * 200,
                creator="c" * 500,
                character_version="v" * 500,
                tags=[f"tag {n} " * 5 for n in range(100)],
                creator_notes=long,
                first_mes=long,
                system_prompt=long,
            ),
        )
        told = await panel(stage, stage.alice, "N" * 30)
        assert "## NNNN" in told
        assert len(told) <= 4_000

    async def test_the_longest_names_fit_into_lists_and_tellings(self, stage: Stage) -> None:
        for n in range(13):
            name, tags = f"{n:02} " + "_*" * 90, [f"`{m}`" * 12 for m in range(9)]
            brought = await bring(
                stage,
                file=as_file(
                    name,
                    tags=tags,
                    creator_notes="*_" * 3_000,
                    personality=None,
                    scenario=["a"] * 3,
                    mes_example=7,
                    extensions=[],
                ),
            )
            assert "**Its creator says**" in brought.response.content
        first = await listed(stage, stage.alice)
        assert "Page 1 of 2" in first
        assert first.count("- **") == 12

    async def test_the_button_shows_it_too(self, stage: Stage) -> None:
        brought = await bring(stage)
        shown = await stage.alice.click(brought.response, label="Show")
        assert "## Mira" in texts(shown.response.components)


class TestExport:
    """A character goes out as it came in."""

    @pytest.mark.parametrize("form", ["png", "json", "charx"])
    async def test_a_file_that_other_programs_read(self, stage: Stage, form: str) -> None:
        name, data = in_picture(creator_notes="Notes.", tags=["inn"])
        await bring(stage, file=(name, data))
        given = await stage.alice.slash(
            stage.channel, "character export", character="Mira", format=form
        )
        assert given.ephemeral
        [file] = given.response.attachments
        assert file.filename == f"Mira.{form}"
        found = read_card(await file.read())
        assert (found.card.name, found.card.creator_notes) == ("Mira", "Notes.")
        assert (found.picture is None) == (form == "json")


class TestChange:
    """Parts are changed by who brought a character, and by who is in charge."""

    async def edit(self, stage: Stage, part: str, text: str, who: Any = None) -> str:
        form = await (who or stage.alice).slash(
            stage.channel, "character edit", character="Mira", part=part
        )
        changed = await (who or stage.alice).submit_modal(form, {"text": text})
        return changed.response.content

    async def card(self, stage: Stage) -> Any:
        [one] = await stage.bot.store.characters(own_library(stage.alice.id))
        return read_card(await stage.bot.store.blob(one.library, one.card)).card

    async def test_each_part_in_a_form(self, stage: Stage) -> None:
        await bring(stage)
        for part, text, field, value in (
            ("description", "Another.", "description", "Another."),
            ("other greetings", "One.\n***\nTwo\nlines.", "alternate_greetings", None),
            ("tags", "inn, , NSFW ", "tags", ("inn", "NSFW")),
            ("talkativeness", "0,25", "talkativeness", 0.25),
        ):
            told = await self.edit(stage, part, text)
            assert told.startswith(f"The {part} of **Mira** is changed.")
            expected = ("One.", "Two\nlines.") if value is None else value
            assert getattr(await self.card(stage), field) == expected
        [one] = await stage.bot.store.characters(own_library(stage.alice.id))
        assert (one.tags, one.talkativeness, one.adult) == (("inn", "NSFW"), 0.25, True)
        assert (await self.card(stage)).character_book, "the rest stays"

    async def test_the_form_shows_what_is_there(self, stage: Stage) -> None:
        await bring(stage)
        form = await stage.alice.slash(
            stage.channel, "character edit", character="Mira", part="other greetings"
        )
        assert "The inn is closed.\\n***\\nSnow falls." in json.dumps(form.modal)

    @pytest.mark.parametrize(
        "greetings",
        [
            ("Dusk.\n\n***\n\nDawn.",),
            ("Dusk.\n***\nDawn.", "Noon."),
            ("Dusk.\n****\nDawn.\n ***", "Noon.", "Night."),
            ("Noon.",),
            (),
        ],
    )
    def test_a_greeting_in_which_the_scene_changes_stays_one(self, greetings) -> None:
        part = PARTS["other greetings"]
        card = new_card("Mira", alternate_greetings=greetings)
        assert part.changes(part.shown(card)) == {"alternate_greetings": [*greetings]}

    async def test_what_is_long_for_a_line_can_be_edited(self, stage: Stage) -> None:
        await bring(stage, file=as_file(creator="x" * 300))
        form = await stage.alice.slash(
            stage.channel, "character edit", character="Mira", part="creator"
        )
        shown = json.dumps(form.modal, sort_keys=True)
        assert f'"value": "{"x" * 300}"' in shown
        assert '"max_length": 300' in shown

    async def test_a_new_name_is_found(self, stage: Stage) -> None:
        await bring(stage)
        await self.edit(stage, "name", "Mirabel")
        assert [n.partition(" ")[0] for n in await offered(stage, stage.alice, "mir")] == [
            "Mirabel"
        ]

    async def test_a_long_text_and_a_picture_come_as_files(self, stage: Stage) -> None:
        await bring(stage)
        long = ("d.txt", b"word " * 2_000)
        for part, file in (("description", long), ("picture", in_picture("Other"))):
            changed = await stage.alice.slash(
                stage.channel, "character edit", character="Mira", part=part, file=file
            )
            assert f"The {part} of **Mira** is changed." in changed.response.content
        assert len((await self.card(stage)).description) > 4_000
        [one] = await stage.bot.store.characters(own_library(stage.alice.id))
        picture = await stage.bot.store.blob(one.library, one.picture)
        assert picture == read_card(in_picture("Other")[1]).picture, "without the card in it"

    @REFUSED
    async def test_what_cannot_be_has_its_words(self, stage: Stage) -> None:
        await bring(stage, file=as_file(description="x" * 5_000))
        too_long = await stage.alice.slash(
            stage.channel, "character edit", character="Mira", part="description"
        )
        assert "5,000 characters" in too_long.response.content
        assert "a number from 0" in await self.edit(stage, "talkativeness", "often")
        for part, file, words in (
            ("picture", None, "give the new picture as `file`"),
            ("picture", ("a.txt", b"no picture"), "no picture that I can read"),
            ("description", ("a.txt", b"\xff\xfe\xfa"), "not readable as text"),
        ):
            given = {"file": file} if file else {}
            refused = await stage.alice.slash(
                stage.channel, "character edit", character="Mira", part=part, **given
            )
            assert words in refused.response.content

    @REFUSED
    async def test_nothing_that_was_typed_is_lost(self, stage: Stage) -> None:
        await bring(stage)
        form = await stage.alice.slash(
            stage.channel, "character edit", character="Mira", part="name"
        )
        [one] = await stage.bot.store.characters(own_library(stage.alice.id))
        await stage.bot.store.delete_character(one.library, one.id)
        refused = await stage.alice.submit_modal(form, {"text": "My long text"})
        told = [refused.response, *refused.followups][-1]
        assert "I know no character" in told.content
        assert await told.attachments[0].read() == b"My long text"

    @REFUSED
    async def test_only_who_brought_it_and_who_manages_the_server(
        self, stage: Stage, keeper: MemberActor
    ) -> None:
        await bring(stage, keeper)
        for command, options in (
            ("edit", {"part": "name"}),
            ("delete", {}),
            ("share", {"for": "only me"}),
        ):
            refused = await stage.bob.slash(
                stage.channel, f"character {command}", character="Mira", **options
            )
            assert "is for who brought it" in refused.response.content
        manager = member(stage, "manager", manage_guild=True)
        told = await self.edit(stage, "name", "Mirabel", manager)
        assert "**Mirabel** is changed" in told

    async def test_a_copy_is_ones_own(self, stage: Stage, keeper: MemberActor) -> None:
        await bring(stage, keeper)
        copied = await stage.bob.slash(
            stage.channel, "character duplicate", character="Mira", name="My Mira"
        )
        assert copied.response.content.startswith("**My Mira** is a copy in your own library.")
        assert [n.partition(" · ")[0] for n in await offered(stage, stage.bob, "")] == [
            "Mira",
            "My Mira",
        ]
        assert await offered(stage, stage.alice, "my") == []

    async def test_sharing_moves_it_and_back(self, stage: Stage, keeper: MemberActor) -> None:
        await bring(stage, keeper, **{"for": "only me"})
        assert await offered(stage, stage.bob, "") == []
        for where, found in (("server", 1), ("only me", 0)):
            await keeper.slash(stage.channel, "character share", character="Mira", **{"for": where})
            assert len(await offered(stage, stage.bob, "")) == found
            assert len(await offered(stage, keeper, "")) == 1

    async def test_deleting_asks_first(self, stage: Stage) -> None:
        await bring(stage)
        for label, left in (("Keep", 1), ("Delete", 0)):
            asked = await stage.alice.slash(stage.channel, "character delete", character="Mira")
            await stage.alice.click(asked.response, label=label)
            assert len(await offered(stage, stage.alice, "")) == left
        assert asked.response.content == "**Mira** is deleted."

    async def test_buttons_work_after_a_restart(self, stage: Stage, make_bot: MakeBot) -> None:
        await bring(stage)
        asked = await stage.alice.slash(stage.channel, "character delete", character="Mira")
        await stage.env.restart_bot(make_bot())
        await stage.alice.click(asked.response, label="Delete")
        assert asked.response.content == "**Mira** is deleted."


@REFUSED
async def test_what_was_written_in_a_form_is_never_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object) -> None:
        raise StoreUnavailable

    form = await stage.alice.slash(stage.channel, "character create")
    monkeypatch.setattr(stage.bot.store, "save_character", down)
    written = {"name": "Anselm", "description": "A monk.", "greeting": "", "examples": ""}
    told = await stage.alice.submit_modal(form, {**written, "scene": ""})
    message = [told.response, *told.followups][-1]
    assert message.content.startswith(StoreUnavailable.text)
    [file] = message.attachments
    assert read_card(await file.read()).card.description == "A monk."


@REFUSED
async def test_adults_alone_are_shown_what_is_for_them(stage: Stage) -> None:
    await bring(stage, adult=True)
    refused = await stage.alice.slash(
        stage.channel, "character show", character="Mira", everybody=True
    )
    told = [refused.response, *refused.followups][-1]
    assert "age-restricted channels only" in told.content
    assert "## Mira" in await panel(stage, stage.alice)


async def test_a_character_is_written_in_a_form(stage: Stage) -> None:
    form = await stage.alice.slash(stage.channel, "character create")
    brought = await stage.alice.submit_modal(
        form,
        {
            "name": "Anselm",
            "description": "A monk.",
            "scene": "Personality: quiet\nscenario: A cold night.",
            "greeting": "“Pax.”",
            "examples": "",
        },
    )
    assert brought.response.content.startswith("**Anselm** is in your own library")
    [one] = await stage.bot.store.characters(own_library(stage.alice.id))
    made = read_card(await stage.bot.store.blob(one.library, one.card)).card
    assert (made.personality, made.scenario) == ("quiet", "A cold night.")
    assert (made.creator, made.first_mes) == ("Alice", "“Pax.”")
    assert card()["data"].keys() - {"character_book"} <= json.loads(made.document)["data"].keys()
