"""`/json` as its users see it."""

from __future__ import annotations

import json
from typing import Any

import discord
import pytest
from pydantic import BaseModel
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from bot.conversation.ports import EngineInfo
from bot.errors import EngineUnreachable, StoreUnavailable
from cogs.places import server_place
from tests.discord.conftest import MakeBot, Stage

pytestmark = pytest.mark.usefixtures("one_hour")

RAN = '{"title": "Ran", "year": 1985}'
SHOWN = '```json\n{\n  "title": "Ran",\n  "year": 1985\n}\n```'
FIELDS = "title: text, year: integer"
REFUSED = pytest.mark.simcord(check_errors=False)


@pytest.fixture
def admin(stage: Stage) -> MemberActor:
    """Somebody who may manage channels."""
    role = stage.guild.create_role("Admins", permissions=discord.Permissions(manage_channels=True))
    return stage.guild.add_member(stage.env.create_user("admin", global_name="Root"), roles=[role])


async def ask(stage: Stage, **options: Any) -> InteractionResult:
    options = {"question": "A film?", "schema": FIELDS} | options
    given = {name: value for name, value in options.items() if value is not None}
    return await stage.alice.slash(stage.channel, "json ask", **given)


async def files_of(result: InteractionResult) -> dict[str, bytes]:
    assert result.response
    return {file.filename: await file.read() for file in result.response.attachments}


class TestAsk:
    """A question and a schema give an answer as JSON."""

    async def test_short_form_in_the_command(self, stage: Stage) -> None:
        stage.engine.answers = [RAN]
        asked = await ask(stage, question="A film by <@1>?")
        assert asked.response.content == f"{SHOWN}\n-# First try · the form was checked, not forced"
        assert not asked.ephemeral
        assert "A film by @someone?" in stage.asked
        assert '"title": {"type": "string"}' in stage.engine.prompts[0]

    async def test_it_is_no_part_of_the_channels_talk(self, stage: Stage) -> None:
        await stage.alice.send(stage.channel, f"{stage.me} a secret")
        stage.engine.answers = [RAN]
        await ask(stage)
        assert "a secret" not in stage.engine.prompts[-1]
        await stage.alice.send(stage.channel, f"{stage.me} and now?")
        assert "A film?" not in stage.engine.prompts[-1]

    async def test_privately_in_a_dm_and_forced(self, stage: Stage) -> None:
        stage.engine.info = EngineInfo("tgi", "hermes-2-pro-llama-3-8b", forces_schema=True)
        stage.engine.answers = [RAN, RAN]
        asked = await ask(stage, private=True)
        assert asked.ephemeral
        assert asked.response.content.endswith("-# First try · the engine forced the form")
        in_a_dm = await stage.alice.user.slash("json ask", question="A film?", schema=FIELDS)
        assert SHOWN in in_a_dm.response.content

    async def test_tries_and_an_untrained_model_are_told(self, stage: Stage) -> None:
        stage.engine.info = EngineInfo("other", "unknown-model")
        stage.engine.answers = ["Hm.", RAN]
        asked = await ask(stage)
        assert asked.response.content.endswith(
            "-# 2 tries · the form was checked, not forced · "
            "generic-chatml was not trained to answer in JSON"
        )

    async def test_a_schema_in_a_file(self, stage: Stage) -> None:
        stage.engine.answers = [RAN]
        document = {"type": "object", "properties": {"title": {"type": "string"}}}
        file = ("film.json", b"\xef\xbb\xbf" + json.dumps(document).encode())
        asked = await ask(stage, schema=None, file=file)
        assert SHOWN in asked.response.content

    async def test_without_a_schema_a_form_asks_for_it(self, stage: Stage) -> None:
        stage.engine.answers = [RAN]
        shown = await ask(stage, schema=None)
        assert "A film?" in str(shown.modal)
        done = await stage.alice.submit_modal(
            shown, {"question": "Which\nfilm?", "schema": "title: text # its name\nyear: integer"}
        )
        assert SHOWN in done.response.content
        assert stage.asked == "Which\nfilm?"

    async def test_without_anything_a_private_form(self, stage: Stage) -> None:
        stage.engine.answers = [RAN]
        shown = await ask(stage, question=None, schema=None, private=True)
        done = await stage.alice.submit_modal(shown, {"question": "?", "schema": FIELDS})
        assert done.ephemeral
        assert SHOWN in done.response.content

    @pytest.mark.parametrize("long", ["x" * 2_000, "a ``` fence", "\ud800 half"])
    async def test_what_a_code_block_cannot_hold_is_a_file(self, stage: Stage, long: str) -> None:
        stage.engine.answers = [json.dumps({"text": long})]
        asked = await ask(stage, schema="text: text")
        if long.startswith("\ud800"):
            assert '"\\ud800 half"' in asked.response.content
            return
        assert asked.response.content == "-# First try · the form was checked, not forced"
        assert json.loads((await files_of(asked))["answer.json"]) == {"text": long}


class TestFailure:
    """What went wrong is said, shown, and can be tried again."""

    async def test_an_answer_that_does_not_fit(self, stage: Stage) -> None:
        stage.engine.default = '{"title": "Ran", "year": "old"}'
        asked = await ask(stage)
        assert asked.response.content == (
            "⚠️ After 3 tries the model's answer does not fit the schema: at `year`: 'old' is not "
            "of type 'integer'.\n-# answer.txt is what the model wrote last."
        )
        files = await files_of(asked)
        assert files["answer.txt"] == b'{"title": "Ran", "year": "old"}'
        stage.engine.default = RAN
        await stage.alice.click(asked.response, label="Retry")
        [message] = stage.shown()
        assert message.content.startswith(SHOWN)
        assert (message.attachments, message.components) == ([], [])

    async def test_it_counts_as_a_reply(self, stage: Stage) -> None:
        place = server_place(stage.guild.id)
        await stage.bot.configuration.change(place, replies_per_user=1)
        stage.engine.default = RAN
        assert (await ask(stage)).response.content.startswith(SHOWN)
        refused = (await ask(stage)).response.content
        assert "You have used your 1 reply of this hour; the next is possible <t:" in refused
        assert len(stage.engine.prompts) == 1

    async def test_its_tokens_count_for_its_asker(self, stage: Stage) -> None:
        place = server_place(stage.guild.id)
        await stage.bot.configuration.change(place, tokens_per_user=1)
        stage.engine.default = RAN
        assert (await ask(stage)).response.content.startswith(SHOWN)
        refused = (await ask(stage)).response.content
        assert "I have written as much for you as I may in an hour" in refused
        assert len(stage.engine.prompts) == 1

    async def test_retry_is_for_the_asker_and_works_after_a_restart(
        self, stage: Stage, make_bot: MakeBot
    ) -> None:
        stage.engine.answers = [[EngineUnreachable()]]
        asked = await ask(stage)
        assert "The model is not reachable" in asked.response.content
        assert "answer.txt" not in await files_of(asked)
        [message] = stage.shown()
        stage.env.check_errors = False
        refused = await stage.bob.click(message, label="Retry")
        assert "Only who asked" in refused.response.content
        assert refused.ephemeral
        await stage.env.restart_bot(make_bot())
        stage.engine.default = RAN
        await stage.alice.click(message, label="Retry")
        assert stage.shown()[0].content.startswith(SHOWN)

    async def test_retry_of_what_only_the_asker_sees(self, stage: Stage) -> None:
        stage.engine.answers = [[EngineUnreachable()], RAN]
        asked = await ask(stage, private=True)
        again = await stage.alice.click(asked.response, label="Retry")
        assert again.acknowledged
        assert asked.response.content.startswith(SHOWN)
        assert stage.shown() == []

    @REFUSED
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"schema": "film"}, "no saved schema “film” here"),
            ({"schema": "a: foo"}, "“foo” is no type I know"),
            ({"schema": '{"type": "object",'}, "not valid JSON"),
            ({"schema": '{"type": "array", "items": {}}'}, "an object at the top"),
            ({"schema": '{"$ref": "#"}'}, "refers to itself again and again"),
            ({"schema": "[" * 3_000}, "nested too deeply"),
            ({"schema": '{"not": {}, "type": "object"}'}, "Nothing can fit that schema"),
            ({"schema": None, "file": ("s.json", b"x" * 1_000_000)}, "1,000 kB large"),
            ({"schema": None, "file": ("s.json", b"\xff\xfe\x00")}, "is no text"),
            ({"schema": None, "file": ("s.json", b"{]")}, "not valid JSON"),
            ({"file": ("s.json", b"{}")}, "a schema or a file, not both"),
            ({"schema": None, "question": None, "file": ("s.json", b"{}")}, "no question in that"),
            ({"question": "\u200b"}, "no question in that"),
            ({"question": "word " * 790 + "?" * 40}, "tokens together; this model can read"),
        ],
        ids=lambda value: str(value)[:30],
    )
    async def test_bad_input_has_its_words(self, stage: Stage, options: dict, words: str) -> None:
        stage.engine.info = EngineInfo("scripted", "hermes-2-pro-llama-3-8b", 1_000)
        refused = await ask(stage, **options)
        assert words in refused.response.content
        assert stage.engine.requests == []

    @REFUSED
    async def test_a_bad_schema_in_the_command_is_told_to_the_asker_only(
        self, stage: Stage
    ) -> None:
        refused = await ask(stage, schema="a: foo")
        assert refused.ephemeral
        assert stage.shown() == []


class TestSaved:
    """Schemas that a server has saved."""

    async def test_save_ask_show_list_delete(self, stage: Stage, admin: MemberActor) -> None:
        saved = await admin.slash(stage.channel, "json save", name=" Film  1", schema=FIELDS)
        assert saved.response.content == (
            "Schema `film 1` is saved with 2 fields: `title`, `year`. Use it with `/json ask`."
        )
        listed = await stage.bob.slash(stage.channel, "json list")
        assert listed.response.content == "Saved here: `film 1`."
        assert listed.ephemeral
        stage.engine.answers = [RAN]
        asked = await ask(stage, schema="FILM 1")
        assert "-# Schema `film 1` · first try" in asked.response.content
        shown = await stage.bob.slash(stage.channel, "json show", name="film 1")
        assert f"```\n{FIELDS}\n```" in shown.response.content
        file = (await files_of(shown))["film_1.json"]
        assert json.loads(file)["required"] == ["title", "year"]
        gone = await admin.slash(stage.channel, "json delete", name="film 1")
        assert "is deleted" in gone.response.content
        again = await admin.slash(stage.channel, "json delete", name="film 1")
        assert "no schema `film 1`" in again.response.content
        listed = await stage.bob.slash(stage.channel, "json list")
        assert "No schemas are saved here" in listed.response.content

    async def test_by_form_and_by_file(self, stage: Stage, admin: MemberActor) -> None:
        form = await admin.slash(stage.channel, "json save", name="a")
        done = await admin.submit_modal(form, {"schema": "x: text\ny: number"})
        assert "2 fields" in done.response.content
        file = ("s.txt", b"z: date")
        done = await admin.slash(stage.channel, "json save", name="b", file=file)
        assert "1 field: `z`" in done.response.content

    async def test_names_are_suggested(self, stage: Stage, admin: MemberActor) -> None:
        for name in ("film", "filler", "person"):
            await admin.slash(stage.channel, "json save", name=name, schema=FIELDS)
        found = await stage.alice.autocomplete(stage.channel, "json ask", "schema", "FIL")
        assert [choice["value"] for choice in found] == ["filler", "film"]
        found = await stage.alice.autocomplete(stage.channel, "json delete", "name", "")
        assert len(found) == 3

    async def test_a_server_s_are_not_another_place_s(
        self, stage: Stage, admin: MemberActor
    ) -> None:
        await admin.slash(stage.channel, "json save", name="film", schema=FIELDS)
        await stage.alice.user.slash("json save", name="mine", schema=FIELDS)
        own = await stage.alice.user.slash("json list")
        assert own.response.content == "Saved here: `mine`."
        here = await stage.alice.slash(stage.thread(), "json list")
        assert here.response.content == "Saved here: `film`."

    @REFUSED
    async def test_what_is_refused(self, stage: Stage, admin: MemberActor) -> None:
        for command, more in (("save", {"schema": FIELDS}), ("delete", {})):
            refused = await stage.alice.slash(stage.channel, f"json {command}", name="x", **more)
            assert "for those who manage this server" in refused.response.content
            assert refused.ephemeral
        refused = await admin.slash(stage.channel, "json save", name="a:b", schema=FIELDS)
        assert "A schema's name has up to 32" in refused.response.content
        refused = await admin.slash(stage.channel, "json save", name="x", schema="a: foo")
        assert "no type I know" in refused.response.content
        refused = await admin.slash(stage.channel, "json show", name="x")
        assert "no saved schema “x”" in refused.response.content

    @REFUSED
    async def test_there_is_room_for_fifty(self, stage: Stage, admin: MemberActor, store) -> None:
        for n in range(50):
            await store.save_schema(f"discord:server:{stage.guild.id}", f"s{n}", FIELDS)
        full = await admin.slash(stage.channel, "json save", name="one more", schema=FIELDS)
        assert "50 schemas are saved here" in full.response.content
        listed = await stage.bob.slash(stage.channel, "json list")
        assert len(listed.response.content) < 2_000
        assert len(await stage.bob.autocomplete(stage.channel, "json ask", "schema", "s")) == 25


class Film(BaseModel):
    title: str
    year: int


async def test_a_cog_asks_for_a_model(stage: Stage) -> None:
    stage.engine.answers = ["Ran.", RAN]
    assert await stage.bot.ask_json(Film, "A film?") == Film(title="Ran", year=1985)


@REFUSED
async def test_without_redis_what_needs_none_works(
    stage: Stage, admin: MemberActor, store, make_bot: MakeBot
) -> None:
    await stage.env.restart_bot(make_bot(store=_Away(store)))
    stage.engine.answers = [RAN]
    assert SHOWN in (await ask(stage)).response.content
    assert await stage.alice.autocomplete(stage.channel, "json ask", "schema", "f") == []
    for failed in (
        await ask(stage, schema="film"),
        await admin.slash(stage.channel, "json save", name="film", schema=FIELDS),
        await admin.slash(stage.channel, "json list"),
        await admin.slash(stage.channel, "json delete", name="film"),
    ):
        assert "memory (Redis)" in failed.response.content


class _Away:
    """A store that does not answer."""

    def __init__(self, store) -> None:
        self._store = store

    def __getattr__(self, name: str):
        async def fail(*_: object, **__: object) -> None:
            raise StoreUnavailable(detail=name)

        return fail
