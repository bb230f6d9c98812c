"""`/lore` as its users see it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web
from simcord.actors import MemberActor

from bot.conversation.books import Read
from bot.tools.kit import Kit
from tests.discord.character_support import as_file, member
from tests.discord.conftest import MakeBot, Stage
from tests.net.internet import Internet

REFUSED = pytest.mark.simcord(check_errors=False)

WORLD = {
    "entries": {
        "0": {
            "uid": 0,
            "key": ["salt road"],
            "keysecondary": [],
            "comment": "Salt road",
            "content": "The *salt road* runs north.",
            "order": 100,
            "disable": False,
        },
        "1": {
            "uid": 1,
            "key": ["queen"],
            "comment": "The queen",
            "content": "The queen is a child.",
            "order": 100,
            "disable": False,
        },
    }
}
V3 = {"spec": "lorebook_v3", "data": {"name": "The Marches", **WORLD}}
V3["data"]["entries"] = [
    {"keys": ["ford"], "content": "Deep.", "enabled": True, "insertion_order": 1, "name": "Ford"}
]


@pytest.fixture
def keeper(stage: Stage) -> MemberActor:
    """Somebody who may manage the server's channels."""
    return member(stage, "keeper", manage_channels=True)


@pytest.fixture
async def salt(stage: Stage, keeper: MemberActor) -> None:
    """The server has a lorebook."""
    file = ("Salt_and_Iron.json", json.dumps(WORLD).encode())
    await keeper.slash(stage.channel, "lore import", file=file)


@pytest.fixture
async def mira(stage: Stage, keeper: MemberActor) -> None:
    """A character with a lorebook of its own is on stage."""
    await keeper.slash(stage.channel, "character import", file=as_file(alternate_greetings=[]))
    await stage.bob.slash(stage.channel, "character use", character="Mira")


async def said(who: MemberActor, stage: Stage, command: str, **options: Any) -> str:
    return (await who.slash(stage.channel, f"lore {command}", **options)).response.content


async def test_a_world_file_comes_in_and_is_listed(stage: Stage, keeper: MemberActor) -> None:
    assert (await said(stage.bob, stage, "list")).startswith("There are no lorebooks here yet.")
    file = ("Salt_and_Iron.json", json.dumps(WORLD).encode())
    brought = await keeper.slash(stage.channel, "lore import", file=file)
    assert brought.ephemeral
    assert brought.response.content.startswith("**Salt and Iron** is in the library: 2 entries.")
    listed = await said(stage.bob, stage, "list")
    assert "- **Salt and Iron** · 2 entries" in listed


@pytest.mark.parametrize(
    ("data", "name"), [(V3, "The Marches"), ({"name": "Mira", "data": None}, None)]
)
async def test_other_forms_and_the_form(stage: Stage, data: dict, name: str | None) -> None:
    form = await stage.alice.slash(stage.channel, "lore import")
    given = {"text": json.dumps(data)} if name else {"file": [as_file()]}
    brought = await stage.alice.submit_modal(form, given)
    assert f"**{name or 'Mira'}** is in your own library" in brought.response.content
    choices = await stage.alice.autocomplete(stage.channel, "lore show", "book", "")
    count = "one entry" if name else "2 entries"
    assert [one["name"] for one in choices] == [f"{name or 'Mira'} · {count} · private"]
    assert await stage.bob.autocomplete(stage.channel, "lore show", "book", "") == []


async def test_a_world_file_comes_in_from_a_link(stage: Stage, keeper: MemberActor) -> None:
    internet = Internet()
    internet.names["worlds.example"] = [["93.184.216.34"]]

    async def serve(_: web.Request) -> web.Response:
        return web.json_response(WORLD)

    await internet.serve("93.184.216.34", 80, serve)
    try:
        async with internet.fetcher() as fetcher:
            stage.bot.kit = Kit(stage.bot.settings, fetcher, stage.bot.store)
            link = "http://worlds.example/Salt_and_Iron.json?a=b"
            brought = await said(keeper, stage, "import", link=link)
            assert brought.startswith("**Salt and Iron** is in the library: 2 entries.")
            stage.env.check_errors = False
            both = await said(keeper, stage, "import", link=link, file=("a.json", b"{}"))
            assert both == "Please give a file or a link, not both."
    finally:
        await internet.close()


async def test_what_stands_in_it(stage: Stage, salt: None) -> None:
    shown = await said(stage.bob, stage, "show", book="salt and iron")
    assert shown.startswith("**Salt and Iron** · 2 entries\n")
    assert "- **The queen** (queen): The queen is a child." in shown
    one = await stage.bob.slash(stage.channel, "lore show", book="salt and iron", entry="Salt road")
    [file] = one.response.attachments
    assert b"The *salt road* runs north." in await file.read()


async def test_it_is_switched_on_and_told(stage: Stage, salt: None, mira: None) -> None:
    await stage.bob.send(stage.channel, f"{stage.me} where does the salt road go?")
    assert "runs north" not in stage.engine.prompts[-1]
    switched = await stage.bob.slash(stage.channel, "lore switch", book="Salt and Iron", on=True)
    assert switched.response.content == (
        "**Salt and Iron** is on here now. Characters who speak here know it."
    )
    assert "**on in this channel**" in await said(stage.bob, stage, "list")
    await stage.bob.send(stage.channel, f"{stage.me} and the salt road?")
    assert "The *salt road* runs north." in stage.engine.prompts[-1]
    off = await said(stage.bob, stage, "switch", book="Salt and Iron", on=False)
    assert off == "**Salt and Iron** is off here now."
    assert "on in this channel" not in await said(stage.bob, stage, "list")


async def test_single_entries_are_switched(stage: Stage, mira: None) -> None:
    listed = await said(stage.bob, stage, "list")
    assert "**Within the cards on stage**, always on\n- **Mira** · 2 entries" in listed
    choices = await stage.bob.autocomplete(
        stage.channel, "lore switch", "entry", "wo", book="Mira", on=False
    )
    assert [one["name"] for one in choices] == ["wolf"]
    off = await said(stage.bob, stage, "switch", book="Mira", on=False, entry="wolf")
    assert off == "The entry **wolf** of **Mira** is off here now."
    assert "**off here**" in await said(stage.bob, stage, "show", book="Mira")
    await stage.bob.send(stage.channel, f"{stage.me} a wolf at the ford!")
    assert "The ford is deep." in stage.engine.prompts[-1]
    assert "Wolves come." not in stage.engine.prompts[-1]
    on = await said(stage.bob, stage, "switch", book="Mira", on=True, entry="wolf")
    assert on == "The entry **wolf** of **Mira** is on here again."


async def test_trying_out_says_what_and_why(stage: Stage, salt: None, mira: None) -> None:
    await stage.bob.slash(stage.channel, "lore switch", book="Salt and Iron", on=True)
    tried = await stage.bob.slash(stage.channel, "lore test", text="The queen rode to the ford")
    assert tried.ephemeral
    lines = tried.response.content.splitlines()
    assert lines[0].startswith("**Would be told now: 2 of 4 entries**, about ")
    assert "- **ford** (Mira): “ford” in the newest message" in lines
    assert "- **The queen** (Salt and Iron): “queen” in the newest message" in lines
    assert "- **wolf** (Mira): none of its keys was said" in lines
    [file] = tried.response.attachments
    assert b"The queen is a child." in await file.read()


async def test_a_book_is_tried_alone(stage: Stage, salt: None) -> None:
    tried = await said(stage.bob, stage, "test", text="the Queen!", book="Salt and Iron")
    assert tried.startswith("**Would be told now: 1 of 2 entries**")


@REFUSED
@pytest.mark.parametrize(
    ("command", "options", "words"),
    [
        ("test", {"text": "hi"}, "Nobody is on stage here"),
        ("show", {"book": "nope"}, "I know no lorebook “nope” here"),
        ("show", {"book": "Salt and Iron", "entry": "x"}, "no entry “x” in **Salt and Iron**"),
        ("import", {"file": ("a.json", b'{"name":"A","description":"b"}')}, "has no lorebook"),
        ("import", {"file": ("a.json", b"{}")}, "no character"),
        ("delete", {"book": "Salt and Iron"}, "is for who brought it"),
    ],
)
async def test_what_is_wrong_has_its_words(
    stage: Stage, salt: None, command: str, options: dict, words: str
) -> None:
    assert words in await said(stage.bob, stage, command, **options)


@REFUSED
async def test_the_lore_of_a_story_is_its_leaders(stage: Stage, salt: None, mira: None) -> None:
    for options in ({"book": "Salt and Iron"}, {"book": "Mira", "entry": "wolf"}):
        refused = await said(stage.alice, stage, "switch", on=False, **options)
        assert "Only who leads it" in refused
    whole = await said(stage.bob, stage, "switch", book="Mira", on=False)
    assert "is a part of the character" in whole


async def test_it_goes_out_and_is_deleted(
    stage: Stage, salt: None, keeper: MemberActor, make_bot: MakeBot
) -> None:
    given = await stage.bob.slash(stage.channel, "lore export", book="Salt and Iron")
    [file] = given.response.attachments
    assert (file.filename, json.loads(await file.read())) == ("Salt-and-Iron.json", WORLD)
    asked = await keeper.slash(stage.channel, "lore delete", book="Salt and Iron")
    await stage.env.restart_bot(make_bot())
    await keeper.click(asked.response, label="Delete")
    assert asked.response.content == "**Salt and Iron** is deleted."
    assert (await said(stage.bob, stage, "list")).startswith("There are no lorebooks")


async def test_the_longest_book_fits(stage: Stage) -> None:
    entries = [
        {"keys": [f"{'*_' * 200}{n}", "x"], "content": "_*" * 500, "name": f"{n}{'`' * 300}"}
        for n in range(30)
    ]
    file = ("b.json", json.dumps({"name": "**" * 100, "entries": entries}).encode())
    await stage.alice.slash(stage.channel, "lore import", file=file)
    [book] = await stage.alice.autocomplete(stage.channel, "lore show", "book", "")
    shown = await said(stage.alice, stage, "show", book=book["value"], page=4)
    assert shown.count("\n- **") == 6
    assert "Page 4 of 4" in shown
    tried = await stage.alice.slash(stage.channel, "lore test", text="x", book=book["value"])
    assert "more, in the file" in tried.response.content
    assert len(tried.response.attachments) == 1


class TestTheHouse:
    """The character that the bot itself is has a lorebook like any other."""

    @pytest.fixture
    def core(self) -> dict[str, Any]:
        return {"house": Read.of(as_file()[1])}

    async def test_its_lore_is_tried_out(self, stage: Stage) -> None:
        told = await said(stage.bob, stage, "test", text="How deep is the ford?")
        assert told.startswith("**Would be told now: 1 of 2 entries**")
        assert "(Mira): “ford” in the newest message" in told
