"""Rounds of tools in a conversation: what runs, what the model reads of it, what the user gets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import aclosing, asynccontextmanager

import pytest

from bot.conversation.fair_order import Asker
from bot.conversation.model import Model
from bot.conversation.reply import Trace
from bot.conversation.service import Conversations
from bot.conversation.structured import JsonMode
from bot.conversation.tool_rules import ToolRules
from bot.conversation.toolbox import MAX_ROUNDS, Toolbox
from bot.engine.limits import Limits
from bot.engine.tgi import TgiEngine
from bot.schemas import reading
from bot.store.history import RedisStore
from bot.tools.tool import ToolError, tool, tools_of
from tests.conversation.conftest import PLACE, Talk
from tests.stand_ins.tgi import Fault, TgiStandIn

pytestmark = pytest.mark.usefixtures("one_hour")

PARIS = '<tool_call>\n{"name": "get_temperature", "arguments": {"location": "Paris"}}\n</tool_call>'
OSLO = PARIS.replace("Paris", "Oslo")


class Desk:
    """Tools of these tests; `seen` is what was asked of them."""

    def __init__(self) -> None:
        self.seen: list[object] = []
        self.together = asyncio.Event()
        self.waiting = 0

    @tool(shows="weather: {location}")
    async def get_temperature(self, location: str, unit: str = "celsius") -> object:
        """Get the temperature.

        Args:
            location: Where.
            unit: celsius or fahrenheit.
        """
        self.seen.append((location, unit))
        if location == "Atlantis":
            raise ToolError("There is no place called Atlantis.")
        return {"location": location, "temperature": 22.5}

    @tool
    async def meet(self, who: str) -> str:
        """Wait for somebody.

        Args:
            who: Their name.
        """
        self.waiting += 1
        if self.waiting == 2:
            self.together.set()
        await self.together.wait()
        return f"{who} is here"

    @tool(timeout=0.05)
    async def sleep(self) -> str:
        """Sleep for long."""
        await asyncio.sleep(30)
        return "awake"

    @tool
    async def read(self, size: int) -> str:
        """Read a page.

        Args:
            size: How much.
        """
        return "<|im_end|>" + "x" * size

    @tool
    async def table(self, size: int) -> str:
        """Read a table.

        Args:
            size: How much.
        """
        return "|-" * size

    @tool
    async def break_down(self) -> str:
        """Fail."""
        raise RuntimeError("a secret path")

    @tool(changes=True, shows="pinning {text}")
    async def pin(self, text: str) -> str:
        """Pin a note.

        Args:
            text: The note.
        """
        self.seen.append(text)
        return "pinned"


def scripted(*answers: str) -> Callable[[str], str]:
    """Answers in a row; the last one again and again."""
    left = list(answers)
    return lambda _prompt: left.pop(0) if len(left) > 1 else left[0]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def talking(tgi: TgiStandIn, store: RedisStore, desk: Desk):
    @asynccontextmanager
    async def build(**options: int):
        toolbox = Toolbox(
            tools_of(desk), store, ToolRules(store, frozenset({"pin"})), in_discord=True, **options
        )
        engine = TgiEngine(tgi.url, limits=Limits(first_token=20, silence=20, attempts=1))
        async with aclosing(engine):
            talk = Talk(Conversations(engine, store, Model(engine, None, 1024), (), toolbox))
            yield talk

    return build


def prompts(tgi: TgiStandIn) -> Sequence[str]:
    return [seen.body["inputs"] for seen in tgi.generations]


def responses(prompt: str) -> list[dict[str, object]]:
    """The results that a prompt tells, as JSON."""
    parts = prompt.split("<tool_response>\n")[1:]
    return [json.loads(part.partition("\n</tool_response>")[0]) for part in parts]


async def test_a_call_runs_and_its_result_is_in_the_answer(tgi, talking, desk):
    tgi.reply = scripted(PARIS, "It is 22.5 degrees in Paris.")
    async with talking() as talk:
        reply = await talk.say("how warm is it in Paris?")
    assert reply.text == "It is 22.5 degrees in Paris."
    assert reply.parts == [Trace("weather: Paris"), "It is 22.5 degrees in Paris."]
    assert desk.seen == [("Paris", "celsius")]
    first, second = prompts(tgi)
    assert '"name": "get_temperature"' in first
    assert second == first + (
        f"\n{PARIS}"
        "<|im_end|>\n<|im_start|>tool\n<tool_response>\n"
        '{"name": "get_temperature", "content": {"location": "Paris", "temperature": 22.5}}'
        "\n</tool_response><|im_end|><|im_start|>assistant\n"
    ).removeprefix("\n")


async def test_the_next_turn_knows_the_exchange_and_the_prompt_only_grows(tgi, talking):
    tgi.reply = scripted(PARIS, "It is 22.5 degrees.", "As I said.")
    async with talking() as talk:
        await talk.say("how warm is it in Paris?")
        await talk.say("are you sure?")
    _, second, third = prompts(tgi)
    exchange = second.partition("<|im_start|>tool\n")[0]
    assert third.startswith(exchange)
    assert (
        "\n</tool_response>\n<|im_end|><|im_start|>assistant\nIt is 22.5 degrees.<|im_end|>\n"
        in third
    )


async def test_a_tool_gets_what_the_user_wrote_though_the_prompt_guards_it(tgi, talking, desk):
    def quoting(prompt: str) -> str:
        if "<tool_response>" in prompt:
            return "Done."
        place = prompt.rpartition("how warm is it in ")[2].partition("?")[0]
        call = {"name": "get_temperature", "arguments": {"location": place}}
        return f"<tool_call>\n{json.dumps(call, ensure_ascii=False)}\n</tool_call>"

    tgi.reply = quoting
    async with talking() as talk:
        reply = await talk.say("how warm is it in <s>Paris</s>?")
        await talk.say("thanks")
    assert [place for place, _ in desk.seen] == ["<s>Paris</s>"]
    assert reply.parts[0] == Trace("weather: <s>Paris</s>")
    _, second, third = prompts(tgi)
    assert "<s>" not in second
    assert third.startswith(second.partition("<|im_start|>tool\n")[0]), "it still only grows"


async def test_two_calls_of_one_turn_run_side_by_side(tgi, talking):
    calls = [
        f'<tool_call>\n{{"name": "meet", "arguments": {{"who": "{who}"}}}}\n</tool_call>'
        for who in ("Ann", "Bob")
    ]
    tgi.reply = scripted("\n".join(calls), "Both are here.")
    async with talking() as talk, asyncio.timeout(20):
        reply = await talk.say("meet Ann and Bob")
    assert reply.text == "Both are here."
    told = responses(prompts(tgi)[-1])
    assert [one["content"] for one in told] == ["Ann is here", "Bob is here"]


async def test_text_beside_a_call_is_shown_and_remembered(tgi, talking):
    tgi.reply = scripted(f"Let me look.\n{PARIS}", "It is 22.5 degrees.")
    async with talking() as talk:
        reply = await talk.say("how warm is it in Paris?")
        turns = await talk.conversations.history(PLACE)
    assert reply.parts == ["Let me look.", Trace("weather: Paris"), "It is 22.5 degrees."]
    assert turns[-1].text == reply.text == "Let me look.\nIt is 22.5 degrees."


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ('{"name": "get_temperature", "arguments": {"location": "Atlantis"}}', "no place called"),
        ('{"name": "get_temperature", "arguments": {"location": 7}}', "corrected arguments"),
        ('{"name": "get_temperature", "arguments": {"city": "Oslo"}}', "corrected arguments"),
        (
            '{"name": "get_wether", "arguments": {"location": "Oslo"}}',
            "There is no tool get_wether",
        ),
        ('{"name": "sleep", "arguments": {}}', "did not answer within 0.05 seconds"),
        ('{"name": "break_down", "arguments": {}}', "the log has the reason"),
        ('{"name": "get_temperature", "arguments": {"location": }}', "Write the call again"),
        ('{"arguments": {"location": "Oslo"}}', "Write the call again"),
    ],
)
async def test_what_goes_wrong_is_told_to_the_model(tgi, talking, call, told):
    tgi.reply = scripted(f"<tool_call>\n{call}\n</tool_call>", "Sorry, that did not work.")
    async with talking() as talk:
        reply = await talk.say("do it")
    assert reply.text == "Sorry, that did not work."
    assert reply.error is None
    (response,) = responses(prompts(tgi)[-1])
    assert told in json.dumps(response["content"])
    assert "secret" not in prompts(tgi)[-1]
    assert reply.steps[0].runs[0].failed


async def test_a_call_that_was_misread_stands_in_the_prompt_as_it_was(tgi, talking):
    broken = "<tool_call>\n{broken: 1}\n</tool_call>"
    tgi.reply = scripted(broken, PARIS, "It is 22.5 degrees.")
    async with talking() as talk:
        reply = await talk.say("how warm is it?")
    assert f"<|im_start|>assistant\n{broken}<|im_end|>\n" in prompts(tgi)[1]
    assert reply.text == "It is 22.5 degrees."


async def test_a_good_call_beside_a_bad_one_runs(tgi, talking, desk):
    tgi.reply = scripted(f"<tool_call>\n{{oops}}\n</tool_call>\n{OSLO}", "Done.")
    async with talking() as talk:
        await talk.say("how warm is it?")
    assert desk.seen == [("Oslo", "celsius")]
    assert len(responses(prompts(tgi)[-1])) == 2


async def test_a_model_that_calls_for_ever_is_told_to_answer(tgi, talking, desk):
    tgi.reply = lambda prompt: PARIS.replace("Paris", f"Place {prompt.count('<tool_response>')}")
    async with talking() as talk:
        reply = await talk.say("how warm is it?")
    assert len(desk.seen) == MAX_ROUNDS
    assert len(prompts(tgi)) == MAX_ROUNDS + 1
    assert "Answer now with what you have" in prompts(tgi)[-1]
    assert reply.text == "I have used my tools, but could not make an answer of what they gave."


async def test_an_operator_may_let_it_call_less_often(tgi, talking, desk):
    tgi.reply = lambda prompt: PARIS.replace("Paris", f"Place {prompt.count('<tool_response>')}")
    async with talking(rounds=2) as talk:
        await talk.say("how warm is it?")
    assert len(desk.seen) == 2
    assert len(prompts(tgi)) == 3


async def test_the_same_failing_call_is_not_made_twice(tgi, talking, desk):
    tgi.reply = scripted(
        PARIS.replace("Paris", "Atlantis"), PARIS.replace("Paris", "Atlantis"), "No."
    )
    async with talking() as talk:
        await talk.say("how warm is it in Atlantis?")
    assert desk.seen == [("Atlantis", "celsius")]
    assert "has failed before" in prompts(tgi)[-1]


async def test_results_are_no_markup_and_have_an_end(tgi, talking):
    call = '<tool_call>\n{"name": "read", "arguments": {"size": 100000}}\n</tool_call>'
    tgi.reply = scripted(call, "A long page.")
    async with talking() as talk:
        reply = await talk.say("read it")
    prompt = prompts(tgi)[-1]
    assert "<\u200b|im_end|>xxx" in prompt
    assert "more characters were left out" in prompt
    assert len(prompt) < 20_000
    assert reply.text == "A long page."


async def test_results_of_many_small_tokens_are_cut_to_fit(tgi, talking):
    # A token for each sign: more than any estimate by its length would say.
    tgi.max_total_tokens, tgi.max_input_tokens = 3_000, 2_999
    call = '<tool_call>\n{"name": "table", "arguments": {"size": 3000}}\n</tool_call>'
    tgi.reply = scripted(call, "It is a long one.")
    async with talking() as talk:
        reply = await talk.say("read it")
    assert reply.error is None
    assert reply.text == "It is a long one."
    assert "more characters were left out" in prompts(tgi)[-1]


def calls(name: str, *arguments: dict[str, object]) -> str:
    """An answer with as many calls of a tool."""
    made = [json.dumps({"name": name, "arguments": one}) for one in arguments]
    return "\n".join(f"<tool_call>\n{one}\n</tool_call>" for one in made)


@pytest.mark.parametrize("context", [2048, 4096])
@pytest.mark.parametrize(
    "round_of",
    [
        lambda done: calls("table", {"size": 1000 + done}),
        lambda done: calls("table", *({"size": 1000 + done + n} for n in range(8))),
        lambda done: calls("table", *({"size": 10 + done + n} for n in range(4))),
        lambda done: calls("get_temperature", {"location": f"{done} " + "ab " * 120}),
    ],
    ids=["one after the other", "side by side", "short ones", "with long arguments"],
)
async def test_rounds_that_fill_a_small_context_end_in_an_answer(tgi, talking, context, round_of):
    tgi.max_total_tokens, tgi.max_input_tokens = context, context - 1

    def reply(prompt: str) -> str:
        enough = "Answer now with what you have" in prompt
        return "Here is my answer." if enough else round_of(prompt.count("<tool_response>"))

    async with talking() as talk:
        tgi.reply = "I see."
        for _ in range(6):
            await talk.say("word " * 60)
        tgi.reply = reply
        said = await talk.say("read it all")
        assert said.error is None
        assert said.text == "Here is my answer."
        tgi.reply = "You are welcome."
        asked = len(prompts(tgi))
        assert (await talk.say("thanks")).text == "You are welcome."
    assert len(prompts(tgi)) == asked + 1, "it is known how much that was"


async def test_an_engine_counts_more_than_was_expected(tgi, talking):
    tgi.max_total_tokens, tgi.max_input_tokens = 4096, 4095
    tgi.broken = frozenset(["/tokenize"])
    tgi.reply = scripted(calls("table", {"size": 2000}), "Here is my answer.")
    async with talking() as talk:
        said = await talk.say("read it")
    assert said.error is None
    assert said.text == "Here is my answer."


async def test_not_even_one_call_has_room(tgi, talking):
    tgi.max_total_tokens, tgi.max_input_tokens = 2048, 2047
    tgi.reply = calls("get_temperature", {"location": "ab " * 490})
    async with talking() as talk:
        reply = await talk.say("read it " + "word " * 400)
    assert reply.error is None
    assert reply.text == "I have used my tools, but could not make an answer of what they gave."


async def test_what_was_shortened_stays_as_short(tgi, talking):
    tgi.reply = scripted(calls("table", *[{"size": 750}] * 5), "They are long ones.")
    async with talking() as talk:
        reply = await talk.say("read it")
        assert reply.text == "They are long ones."
        await talk.say("all of them?")
    _, second, third = prompts(tgi)
    assert second.count("more characters were left out") == 5
    assert third.startswith(second.rpartition("\n</tool_response>")[0])


async def test_a_place_where_little_was_said_has_the_room_for_results(tgi, talking):
    # What was said is bounded by its bytes until there is need to count it.
    tgi.reply = scripted(calls("table", {"size": 2500}), "A long one.")
    async with talking() as talk:
        assert (await talk.say("read it")).text == "A long one."
    assert "more characters were left out" not in prompts(tgi)[-1]


async def test_what_changes_something_waits_for_its_asker(tgi, talking, desk, store):
    call = '<tool_call>\n{"name": "pin", "arguments": {"text": "tea at 5"}}\n</tool_call>'
    tgi.reply = scripted(call, "I will pin it when you confirm.")
    async with talking() as talk:
        reply = await talk.say("pin: tea at 5")
        (run,) = reply.steps[0].runs
        action = await store.action(run.action)
        assert desk.seen == []
        assert action is not None
        assert (action.tool, action.arguments, action.context.asker) == (
            "pin", {"text": "tea at 5"}, "7",
        )  # fmt: skip
        assert await store.take_action(run.action)
        assert not await store.take_action(run.action)
        done = await talk.conversations.toolbox.confirmed(action)
    assert (done.content, desk.seen) == ("pinned", ["tea at 5"])
    assert "waiting for confirmation" in prompts(tgi)[-1]


async def test_a_person_has_so_many_calls_an_hour(tgi, talking, desk):
    async with talking(calls_per_hour=2) as talk:
        for _ in range(3):
            tgi.reply = scripted(PARIS, "Fine.")
            await talk.say("how warm is it in Paris?")
        tgi.reply = scripted(PARIS, "Fine.")
        await talk.say("and you?", author="8", speaker="Bob")
    assert len(desk.seen) == 3
    assert sum("used up the 2 tool calls" in prompt for prompt in prompts(tgi)) >= 1


async def told(talk: Talk, text: str, author: str = "7", **noted: str) -> list[str]:
    """What stands under the reply to a question in server 1."""
    ask = talk.ask(text, author=author)
    ask.origin.update({"guild": "1", "asker": author} | noted)
    async with talk.conversations.turn(ask) as reply:
        assert reply
        await reply.finished()
        await reply.commit(())
        return reply.notices


async def test_a_server_has_its_own_limits_and_people_hear_of_them(tgi, talking, desk):
    async with talking(calls_per_hour=5) as talk:
        settings = {"calls_per_user": 1, "calls_per_role": {"3": 2}, "calls_per_server": 3}
        await talk.conversations.configuration.change("server:1", **settings)

        async def ask(**noted: str) -> list[str]:
            tgi.reply = scripted(PARIS, "Fine.")
            return await told(talk, "how warm is it in Paris?", **noted)

        assert await ask() == []
        [notice] = await ask()
        assert notice.startswith("You have used your 1 tool call of this hour, so I answer without")
        assert "used up the 1 tool calls" in prompts(tgi)[-1]
        assert await ask(roles="3") == [], "what was refused is not counted"
        [notice] = await ask(roles="3")
        assert notice.startswith("You have used your 2 tool calls of this hour")
        assert await ask(author="8") == []
        [notice] = await ask(author="9")
        assert notice.startswith("This server has used its 3 tool calls of this hour")
        assert await ask(author="9", guild="2") == []
        assert len(desk.seen) == 4
        used = await talk.conversations.used(Asker("7", "1", frozenset({"3"})))
        assert [(one.quota.most, one.used) for one in used] == [(2, 2), (3, 3)]


async def test_a_tool_that_is_off_is_neither_offered_nor_run(tgi, talking, desk):
    tgi.reply = scripted(PARIS, "I cannot look that up here.")
    async with talking() as talk:
        rules = talk.conversations.toolbox.rules
        await rules.switch(PLACE, "get_temperature", on=False)
        ask = talk.ask("how warm is it in Paris?")
        ask.origin["places"] = PLACE
        async with talk.conversations.turn(ask) as reply:
            await reply.finished()
    assert desk.seen == []
    assert '"name": "get_temperature", "description"' not in prompts(tgi)[0]
    assert "There is no tool get_temperature" in prompts(tgi)[1]
    assert reply.text == "I cannot look that up here."


async def test_a_tool_for_some_roles_only(tgi, talking, desk):
    async with talking() as talk:
        await talk.conversations.toolbox.rules.limit(PLACE, "get_temperature", frozenset({"42"}))
        for roles in ("", "42"):
            tgi.reply = scripted(PARIS, "Well.")
            ask = talk.ask("how warm is it in Paris?")
            ask.origin.update(places=PLACE, roles=roles)
            async with talk.conversations.turn(ask) as reply:
                await reply.finished()
                await reply.commit()
    assert len(desk.seen) == 1


async def test_without_tools_no_markup_reaches_the_user(tgi, conversations):
    tgi.reply = scripted(PARIS, "It is warm, I guess.")
    reply = await Talk(conversations).say("how warm is it in Paris?")
    assert reply.text == "It is warm, I guess."


async def test_a_model_without_tools_is_never_offered_any(tgi, talking):
    tgi.model_id = "NousResearch/Nous-Hermes-Llama2-13b"
    async with talking() as talk:
        await talk.say("how warm is it in Paris?")
    assert "tool" not in prompts(tgi)[0]


async def test_a_small_context_is_offered_fewer_tools(tgi, talking, caplog):
    tgi.max_total_tokens, tgi.max_input_tokens = 1500, 1000
    async with talking() as talk:
        reply = await talk.say("hi")
    assert reply.error is None
    offered = prompts(tgi)[0].count('{"type": "function"')
    assert 0 < offered < 6
    assert "no room to be offered" in caplog.text


async def test_the_engine_dies_behind_a_round_of_tools(tgi, talking):
    tgi.reply = scripted(PARIS, "It is 22.5 degrees.")
    tgi.fault = Fault("rst", after=2, skip=1, times=1)
    async with talking() as talk:
        reply = await talk.say("how warm is it in Paris?")
        assert reply.error is not None
        assert reply.steps
        async with talk.conversations.again(PLACE, {"channel": "1"}) as again:
            await again.finished()
    assert again.text == "It is 22.5 degrees."


async def test_what_broke_off_behind_its_tools_is_no_example_of_saying_nothing(tgi, talking):
    tgi.reply = scripted(PARIS, "It is 22.5 degrees.")
    tgi.fault = Fault("rst", skip=1, times=1)
    async with talking() as talk:
        broken = await talk.say("how warm is it in Paris?")
        assert (broken.text, len(broken.steps)) == ("", 1)
        await talk.say("well?")
    assert "<|im_start|>assistant\n<|im_end|>" not in prompts(tgi)[-1]
    assert (
        "\n</tool_response>\n<|im_end|><|im_start|>user\nAnn: well?<|im_end|>\n" in prompts(tgi)[-1]
    )


async def test_tools_before_an_answer_as_json(tgi, talking, desk):
    tgi.reply = scripted(PARIS, "I have it.", '{"city": "Paris", "degrees": 22.5}')
    async with talking() as talk:
        served = talk.conversations.models.named("")
        ask = talk.ask("how warm is it in Paris?")
        steps = await talk.conversations.gather(ask)
        json_mode = JsonMode(served.engine, served.model)
        schema = reading.read("city: text, degrees: number")
        found = await json_mode.ask(schema, ask.text, steps=steps)
        assert await talk.conversations.history(PLACE) == ()
    assert found.value == {"city": "Paris", "degrees": 22.5}
    assert '"name": "pin", "description"' not in prompts(tgi)[0]
    last = prompts(tgi)[-1]
    assert "<schema>" in last
    assert '"temperature": 22.5' in last
    assert last.endswith("</tool_response><|im_end|><|im_start|>assistant\n")


@pytest.mark.parametrize("context", [2048, 4096])
async def test_long_results_leave_room_for_an_answer_as_json(tgi, talking, context):
    tgi.max_total_tokens, tgi.max_input_tokens = context, context - 1
    tgi.reply = scripted(calls("table", {"size": 3000}), "I have it.", '{"city": "Paris"}')
    async with talking() as talk:
        served = talk.conversations.models.named("")
        ask = talk.ask("which city?")
        steps = await talk.conversations.gather(ask)
        json_mode = JsonMode(served.engine, served.model)
        found = await json_mode.ask(reading.read("city: text"), ask.text, steps=steps)
    assert found.value == {"city": "Paris"}
    assert "more characters were left out" in prompts(tgi)[-1]


async def test_an_engine_that_is_just_starting_is_offered_the_tools(tgi, talking):
    tgi.reply = scripted(PARIS, "It is 22.5 degrees.")
    await tgi.stop()

    async def start() -> None:
        await asyncio.sleep(0.2)
        await tgi.start()

    async with talking() as talk, asyncio.TaskGroup() as group:
        group.create_task(start())
        reply = await talk.say("how warm is it in Paris?")
    assert reply.text == "It is 22.5 degrees."
    assert '"name": "get_temperature"' in prompts(tgi)[0]
    assert len(prompts(tgi)) == 2


async def test_no_round_trip_more_for_a_reply_without_tools(tgi, talking, store, monkeypatch):
    async with talking() as talk:
        await talk.say("hi")  # the rules are read once
        counted = 0
        run = store._redis.run

        async def counting(*commands: object, **options: object):
            nonlocal counted
            counted += 1
            return await run(*commands, **options)

        monkeypatch.setattr(store._redis, "run", counting)
        await talk.say("hello")
    assert counted == 3
