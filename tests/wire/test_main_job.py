"""The main job, with the bot as a process of its own: it is asked, streams, ends and remembers."""

from __future__ import annotations

from tests.wire.conftest import STORY, House


async def test_mention_types_streams_and_ends_with_the_whole_text(house: House) -> None:
    house.engine.say(STORY, ttft=2.0)
    house.engine.tokens_per_second = 15
    asked = house.ask("Tell me a story")
    reply = await house.reply_to(asked, STORY)

    typed = house.discord.typed_in(house.channel)
    assert typed
    engine = house.engine.last
    assert typed[0] < engine.first_token, "the bot types while the engine reads"
    half = (engine.first_token + engine.last_token) / 2
    assert reply.created < half, "the first words come early"
    shown = [revision.content for revision in reply.revisions]
    assert len(shown) >= 3, "text that comes for seconds is shown as it comes"
    assert all(len(shown[n]) >= len(shown[n - 1]) - 3 for n in range(1, len(shown)))
    assert reply.changed - engine.last_token < 2.0, "the final edit is not held back"
    assert reply.labels == [], "no Stop button stays"
    assert set(reply.message.ping_user_ids) <= {house.alice}
    assert house.discord.rest.limits.hits == 0
    assert house.discord.rest.unsupported == []


async def test_conversation_survives_a_restart(house: House) -> None:
    await house.say_and_hear("My name is Wilhelmina", "Nice to meet you.")
    await house.bot.stop()
    assert "Traceback" not in house.bot.log
    await house.start_bot()
    await house.say_and_hear("What is my name?", "It is Wilhelmina.")
    prompt = house.engine.prompts[-1]
    assert "My name is Wilhelmina<|im_end|>\n" in prompt
    assert "<|im_start|>assistant\nNice to meet you.<|im_end|>\n" in prompt
    assert prompt.endswith("<|im_end|>\n<|im_start|>assistant\n")


async def test_reply_dm_and_thread_are_answered_and_others_are_not(house: House) -> None:
    discord = house.discord
    first = await house.say_and_hear("hello", "One.")
    house.engine.say("Two.")
    silent = discord.send(house.channel, house.alice, "and more", reply_to=first.id, ping=False)
    await house.reply_to(silent, "Two.")

    house.engine.say("Three.")
    dm = discord.dm(house.alice)
    await house.reply_to(discord.send(dm, house.alice, "in private"), "Three.")

    house.engine.say("Four.")
    thread = discord.add_thread(house.channel, "aside", house.alice)
    await house.reply_to(discord.send(thread, house.alice, f"{discord.mention} hi"), "Four.")

    before = len(house.engine.prompts)
    bob = discord.add_user("bob", house.guild)
    discord.send(house.channel, bob, "nobody asked you")
    discord.send(house.channel, bob, f"<@{house.alice}> look at this")
    await house.say_and_hear("still there?", "Yes.")
    assert len(house.engine.prompts) == before + 1


async def test_messages_that_come_meanwhile_are_answered_together(house: House) -> None:
    house.engine.say(STORY, "Both of you are right.")
    first = house.ask("Tell me a story")
    await house.first_text(first)
    bob = house.discord.add_user("bob", house.guild)
    house.discord.send(house.channel, bob, f"{house.discord.mention} shorter please")
    last = house.ask("and funnier")
    await house.reply_to(last, f"-# also for <@{bob}>\nBoth of you are right.")
    assert len(house.engine.prompts) == 2
    prompt = house.engine.prompts[-1]
    assert prompt.index("bob: ") < prompt.index("alice: and funnier")


async def test_slash_command_streams_too(house: House) -> None:
    house.engine.say(STORY)
    await house.discord.until(lambda: "ask" in house.discord.commands)
    [option] = [
        option["name"]
        for option in house.discord.world.commands[None]["ask", 1]["options"]
        if option.get("required")
    ]
    said = house.discord.slash(house.channel, house.alice, "ask", **{option: "a story"})
    await house.discord.until(lambda: said.responded, 3)
    await house.discord.until(lambda: STORY in house.shown(house.channel), 15)


async def test_stop_button_closes_the_engines_connection(house: House) -> None:
    house.engine.say(" ".join(f"word{n}" for n in range(600)))
    asked = house.ask("Talk")
    reply = await house.first_text(asked)
    await house.discord.until(lambda: any("stop" in label.lower() for label in reply.labels))
    house.discord.press(reply.id, house.alice, "stop")
    await house.discord.until(lambda: house.engine.last.left_early, 3)
    await house.discord.until(lambda: not any("stop" in x.lower() for x in reply.labels), 5)
    assert "word599" not in reply.content
    assert reply.content.startswith("word0")
    await house.say_and_hear("Thanks", "You are welcome.")


async def test_long_reply_is_split_and_complete(house: House) -> None:
    text = "\n".join(f"{n}. A line of some length, to fill the message." for n in range(60))
    house.engine.say(text)
    house.engine.tokens_per_second = 400
    asked = house.ask("Count")
    await house.discord.until(
        lambda: "59. A line" in "".join(t.content for t in house.discord.replies(asked)), 20
    )
    replies = house.discord.replies(asked)
    assert all(len(reply.content) <= 2_000 for reply in replies)
    assert len(replies) >= 2
    whole = "\n".join(reply.content.strip() for reply in replies)
    assert [line for line in whole.splitlines() if line.strip()] == text.splitlines()


async def test_api_address_may_leave_out_the_version(empty_house: House) -> None:
    house = empty_house
    house.api = house.discord.url
    await house.start_bot()
    await house.say_and_hear("Hello", "Hello!")


async def test_second_start_writes_no_commands(house: House) -> None:
    await house.say_and_hear("Hello", "Hello!")
    assert {"ask", "reset", "system", "context", "channel", "help"} <= set(house.discord.commands)
    await house.bot.stop()
    house.discord.calls.clear()
    await house.start_bot()
    await house.say_and_hear("Hello again", "Hello!")
    written = [c.route for c in house.discord.calls if "/commands" in c.path and c.method != "GET"]
    assert written == []
