"""Which messages are answered."""

from __future__ import annotations

import itertools

import pytest

from bot.conversation.addressing import Incoming, decide, is_aside

ANSWERED = {
    "an aside that mentions it": Incoming(always_on=True, mentions_me=True, aside=True),
    "an aside that replies to it": Incoming(always_on=True, replies_to="me", aside=True),
    "an aside in a direct message": Incoming(direct=True, aside=True),
    "a mention": Incoming(mentions_me=True),
    "a mention of the bot and someone else in front": Incoming(
        mentions_me=True, opens_with_other=True
    ),
    "a mention inside a reply to someone else": Incoming(
        mentions_me=True, replies_to="someone else"
    ),
    "a mention that Discord shows no text of": Incoming(mentions_me=True, readable=False),
    "a reply with ping": Incoming(mentions_me=True, replies_to="me"),
    "a reply without ping": Incoming(replies_to="me"),
    "a reply without ping and without its text": Incoming(replies_to="me", readable=False),
    "a direct message": Incoming(direct=True),
    "a direct message that begins with a mention": Incoming(direct=True, opens_with_other=True),
    "anything where the bot is always on": Incoming(always_on=True),
    "a reply to the bot where it is always on": Incoming(always_on=True, replies_to="me"),
    "a bot that may ask and mentions it": Incoming(
        from_machine=True, welcome_machine=True, mentions_me=True
    ),
    "a bot that may ask and replies to it": Incoming(
        from_machine=True, welcome_machine=True, replies_to="me"
    ),
    "a call to everyone that mentions the bot": Incoming(mentions_me=True, calls_everyone=True),
    "a mention in a reply to a message that is gone": Incoming(
        mentions_me=True, replies_to="unknown"
    ),
    "a mention where it is always on": Incoming(
        always_on=True, mentions_me=True, opens_with_other=True
    ),
}
IGNORED = {
    "an aside where it is always on": Incoming(always_on=True, aside=True),
    "an aside that says a name": Incoming(by_name=True, aside=True),
    "talk between people": Incoming(),
    "a reply to someone else": Incoming(replies_to="someone else"),
    "a mention of someone else": Incoming(opens_with_other=True),
    "a reply to the bot without ping, to tell another person": Incoming(
        replies_to="me", opens_with_other=True
    ),
    "a bot": Incoming(from_machine=True, mentions_me=True),
    "a webhook in a channel that is always on": Incoming(from_machine=True, always_on=True),
    "a bot's direct message": Incoming(from_machine=True, direct=True),
    "a notice": Incoming(ordinary=False, mentions_me=True),
    "a notice where it is always on": Incoming(ordinary=False, always_on=True),
    "a reply to someone else where it is always on": Incoming(
        always_on=True, replies_to="someone else"
    ),
    "a mention of someone else where it is always on": Incoming(
        always_on=True, opens_with_other=True
    ),
    "a message without its text where it is always on": Incoming(always_on=True, readable=False),
    "a bot that may ask but only writes where it is always on": Incoming(
        from_machine=True, welcome_machine=True, always_on=True
    ),
    "a bot that may ask and speaks to someone else": Incoming(
        from_machine=True, welcome_machine=True, replies_to="me", opens_with_other=True
    ),
    "a call to everyone where it is always on": Incoming(always_on=True, calls_everyone=True),
    "a reply to the bot without ping, to show it to everyone": Incoming(
        replies_to="me", calls_everyone=True
    ),
    "a reply to a message that is gone where it is always on": Incoming(
        always_on=True, replies_to="unknown"
    ),
    "an empty direct message": Incoming(direct=True, readable=False),
}


@pytest.mark.parametrize("name", ANSWERED)
def test_answers(name: str) -> None:
    assert decide(ANSWERED[name]).answer


@pytest.mark.parametrize("name", IGNORED)
def test_ignores(name: str) -> None:
    assert not decide(IGNORED[name]).answer


def test_always_says_why_and_never_answers_a_machine() -> None:
    flags = list(itertools.product((False, True), repeat=6))
    for machine, ordinary, direct, mentioned, other, always in flags:
        for replies_to in ("nobody", "me", "someone else"):
            decision = decide(
                Incoming(machine, ordinary, direct, mentioned, replies_to, other, always)
            )
            assert decision.why
            assert not (machine and decision.answer)
            if mentioned and ordinary and not machine:
                assert decision.answer


@pytest.mark.parametrize(
    "text",
    ["((brb))", " (( hm", "// back in five", "OOC: sorry", "(ooc) lol", "[OOC sorry]", "ooc"],
)
def test_what_people_say_beside_a_story(text: str):
    assert is_aside(text)


@pytest.mark.parametrize(
    "text", ["(smiles) hi", "Hm. ((brb))", "/roll", "https://a.example//b", "Oocytes divide.", ""]
)
def test_what_belongs_to_it(text: str):
    assert not is_aside(text)
