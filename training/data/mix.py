"""Whole conversations: small talk, names, personas, several speakers, tools, JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from bot.prompts.messages import ToolCall
from training import tools as schemas
from training.data import json_mode, longer, names, personas, smalltalk, tool_use, words
from training.sample import Calls, Reply, Results, Sample, Turn, User


@dataclass(slots=True)
class Offer:
    """The tools that a conversation is offered, and the invented ones among them.

    `names` says what the known tools are called here.
    """

    schemas: list[schemas.Schema] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    invented: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)


_OTHERS: list[schemas.Schema] = json.loads(
    Path(__file__).with_name("other_tools.json").read_text("utf-8")
)
IN_DISCORD = [
    tool
    for tool in _OTHERS
    if tool["function"]["name"]
    in ("days_between", "list_reminders", "read_channel_history", "who_is")
]
"""What Discord's own side adds to the tools that are on by default."""


def offer(rng: Random, *, few: bool = False, known: Sequence[str] = ()) -> Offer:
    """A set of tools: often all of them, else some, now and then with an unknown one.

    `known` says which of the known tools are in it.
    """
    everything = list(schemas.TOOLS)
    roll = rng.random()
    count = len(everything) if roll < 0.14 else rng.randint(1, 7)
    count = rng.randint(1, 3) if few else count
    known = list(known) or rng.sample(everything, count)
    strange = rng.random() < 0.2
    made = Offer(known=known)
    offered: list[schemas.Schema] = []
    for name in known:
        # A name that has to be read in the block makes the model look there at all.
        made.names[name] = schemas.other_name(rng, name) if strange and rng.random() < 0.6 else name
        tool = schemas.reworded(rng, schemas.TOOLS[name])
        tool["function"]["name"] = made.names[name]
        offered.append(tool)
    for _ in range(rng.choice((0, 0, 0, 1) if few else (0, 0, 1, 1, 2))):
        schema, argument, asks = schemas.invented(rng)
        name = schema["function"]["name"]
        if all(name != other[0] for other in made.invented):
            offered.append(schema)
            made.invented.append((name, argument, asks))
    if not few and rng.random() < 0.5:
        # The bot's other tools stand beside them; nobody asks for those.
        count = rng.randint(1, 5)
        offered += IN_DISCORD if rng.random() < 0.3 else rng.sample(_OTHERS, count)
    if rng.random() < 0.7:
        offered.sort(key=lambda tool: tool["function"]["name"])
    else:
        rng.shuffle(offered)
    made.schemas = offered
    return made


_OFTEN = {"flip_coin": 1, "calculate": 3, "web_search": 3, "remember": 3}
_JOINTS = (" and ",) * 5 + (
    ", and ",
    " and then ",
    " and also ",
    ". ",
    "? Also, ",
    "? And ",
    ", then ",
)


def _not_offered(rng: Random, offered: Offer) -> tool_use.Request | None:
    """A request for a tool that is not among those offered, if there is one."""
    if rng.random() < 0.15:
        schema, argument, asks = schemas.invented(rng)
        if all(argument != other[1] for other in offered.invented):
            return tool_use.invented_request(rng, schema["function"]["name"], argument, asks)
    absent = [name for name in schemas.TOOLS if name not in offered.known]
    return _one_of(rng, absent) if absent else None


def _one_of(rng: Random, names: Sequence[str]) -> tool_use.Request:
    """A request for one of the known tools."""
    weights = [_OFTEN.get(name, 2) for name in names]
    return tool_use.request(rng, rng.choices(names, weights)[0])


def _known(rng: Random, offered: Offer) -> list[tool_use.Request]:
    """One or two requests for tools that are there."""
    first = _one_of(rng, offered.known)
    others = [name for name in offered.known if name != first.call.name]
    return [first, _one_of(rng, others)] if others and rng.random() < 0.6 else [first]


def _joined(rng: Random, requests: Sequence[tool_use.Request]) -> str:
    """What someone says who wants one thing or two."""
    if len(requests) == 1:
        return requests[0].ask
    first, other = requests
    second = other.ask
    if rng.random() < 0.6 and not any(
        str(value)[:1] == second[:1] for value in other.call.arguments.values()
    ):
        second = second[0].lower() + second[1:]
    return first.ask.rstrip("?.!") + rng.choice(_JOINTS) + second


def _calls(offered: Offer, requests: Sequence[tool_use.Request]) -> Calls:
    return Calls(
        tuple(
            ToolCall(offered.names.get(one.call.name, one.call.name), one.call.arguments)
            for one in requests
        )
    )


def single(rng: Random, offered: Offer) -> Sample:
    """One message and what follows at once: a call, or the word that there is no tool for it."""
    speaker = words.person(rng) if rng.random() < 0.4 else ""
    who = personas.TINY_PERSONA
    sample = Sample(rng.choice(("", who.system)), bool(speaker))
    asked = _not_offered(rng, offered) if rng.random() < 0.38 else None
    if asked:
        sample.turns = [User(asked.ask, speaker), Reply(asked.missing, instead=True)]
    elif offered.invented and rng.random() < 0.15:
        asked = tool_use.invented_request(rng, *rng.choice(offered.invented))
        sample.turns = [User(asked.ask, speaker), Calls((asked.call,))]
    elif rng.random() < 0.12:
        ask, answer = rng.choice((smalltalk.exchange, smalltalk.question))(rng, who)
        sample.turns = [User(ask, speaker), Reply(answer)]
    else:
        requests = _known(rng, offered)
        sample.turns = [User(_joined(rng, requests), speaker), _calls(offered, requests)]
    return sample


def halves(rng: Random) -> tuple[Offer, Offer]:
    """Two sets of tools: what is in the one is not in the other."""
    chosen = rng.sample(list(schemas.TOOLS), rng.choice((2, 3, 4, 5, 6, 7, 8, 9, 10, 10)))
    cut = rng.randint(1, len(chosen) - 1)
    return tuple(
        offer(rng, few=rng.random() < 0.7, known=part) for part in (chosen[:cut], chosen[cut:])
    )


def pair(rng: Random, one: Offer, other: Offer) -> tuple[Sample, Sample]:
    """The same words behind two sets of tools: a call where the tool is, else the word of it.

    Nothing in what is asked tells which of them is right: only the tools do. The role adds nothing
    to the answer, so that one token decides.
    """
    who = personas.TINY_PERSONA if rng.random() < 0.5 else personas.persona(rng)
    speaker = words.person(rng) if rng.random() < 0.4 else ""
    system = "" if rng.random() < 0.65 else who.system
    before: list[Turn] = []
    if rng.random() < 0.25:
        ask, answer = smalltalk.exchange(rng, who)
        before = [User(ask, speaker), Reply(answer)]
    # Either set is asked for as often, so that a long list is no sign that the tool is in it.
    asked = _one_of(rng, rng.choice((one, other)).known)
    turns = [*before, User(asked.ask, speaker)]
    return tuple(
        Sample(
            system,
            bool(speaker),
            [
                *turns,
                _calls(offered, [asked])
                if asked.call.name in offered.known
                else Reply(asked.missing, instead=True),
            ],
        )
        for offered in (one, other)
    )


def _tool_exchange(rng: Random, who: personas.Persona, offered: Offer, speaker: str) -> list[Turn]:
    roll = rng.random()
    if roll < 0.03:
        name = rng.choice(list(tool_use.VAGUE))
        missing = tool_use.request(rng, name).missing
        answer = tool_use.WHICH_PLACE if name in offered.known else missing
        return [
            User(smalltalk.casual(rng, rng.choice(tool_use.VAGUE[name])), speaker),
            Reply(smalltalk.flavoured(rng, who, answer), instead=True),
        ]
    if roll < 0.28:
        # Whether a tool is there can only be read in the block of tools: a rare case is not learnt.
        asked = _not_offered(rng, offered)
        if asked:
            answer = smalltalk.flavoured(rng, who, asked.missing)
            return [User(asked.ask, speaker), Reply(answer, instead=True)]
    if roll > 0.86 and offered.invented:
        requests = [tool_use.invented_request(rng, *rng.choice(offered.invented))]
    else:
        requests = _known(rng, offered)
    calls = _calls(offered, requests)
    results: list[tuple[str, Any]] = []
    answers: list[str] = []
    for one, call in zip(requests, calls.calls, strict=True):
        if rng.random() < 0.26:
            error = (
                rng.choice(tool_use.ERRORS)
                if rng.random() < 0.3
                else f"{words.hard_word(rng)} {rng.choice(tool_use.ERRORS)}"
            )
            results.append((call.name, {"error": error}))
            answers.append(f"Sorry, that failed: {error}.")
        else:
            results.append((call.name, one.content))
            answers.append(one.answer)
    return [
        User(_joined(rng, requests), speaker),
        calls,
        Results(tuple(results)),
        Reply(smalltalk.flavoured(rng, who, " ".join(answers))),
    ]


def _decorated(rng: Random, text: str, others: Sequence[str]) -> str:
    """Now and then a quote or an attachment around a message in a channel."""
    roll = rng.random()
    if roll < 0.06 and others:
        return f'[in reply to {rng.choice(others)}: "{words.topic(rng)}"] {text}'
    if roll < 0.08:
        return f"{text} [image: {words.word(rng)}.png]"
    return text


def talk(rng: Random, offered: Offer | None = None, *, tool_share: float = 0.0) -> Sample:
    """A conversation of a few exchanges, with the facts that were told in mind."""
    who = personas.persona(rng)
    named = rng.random() < 0.65
    sample = Sample(who.system, named)
    speakers = [words.person(rng) for _ in range(rng.choice((1, 1, 2, 2, 3)))] if named else [""]
    told_name: dict[str, str] = {}
    facts: dict[str, dict[int, dict[str, str]]] = {}
    focus = rng.random()
    for _ in range(rng.choice((1, 1, 2, 2, 3, 4) if offered else (1, 2, 2, 3, 4, 5, 6))):
        speaker = rng.choice(speakers)
        others = [one for one in speakers if one != speaker]
        if rng.random() < (0.16 if named else 0.03):
            noise = (
                smalltalk.exchange(rng, who)[0]
                if rng.random() < 0.7
                else smalltalk.question(rng, who)[0]
            )
            sample.turns.append(User(noise, rng.choice(speakers)))
        if offered and rng.random() < tool_share:
            sample.turns += _tool_exchange(rng, who, offered, speaker)
            continue
        roll = rng.random()
        if offered and rng.random() < 0.45:
            roll = rng.choice((0.75, 0.75, 0.75, 0.75, 0.81, 0.81, 0.87, 0.93, 0.97))
        known = facts.setdefault(speaker, {})
        if roll < (0.34 if focus < 0.6 else 0.14):
            if rng.random() < 0.6 and speaker not in told_name:
                name = words.person(rng)
                told_name[speaker] = name
                ask, answer = names.tell_name(rng, name)
            else:
                fact = names.new_fact(rng)
                known[fact[0]] = fact[1]
                ask, answer = names.tell_fact(rng, fact)
            answer = smalltalk.flavoured(rng, who, answer)
        elif roll < (0.74 if focus < 0.6 else 0.2):
            if known and rng.random() < 0.5:
                ask, answer = names.ask_fact(rng, rng.choice(list(known.items())))
            elif not known and rng.random() < 0.12:
                ask, answer = names.ask_fact(rng, None)
            else:
                if speaker and speaker not in told_name and rng.random() < 0.25:
                    # Who goes by another name than the one in front of the message.
                    told_name[speaker] = words.person(rng)
                    ask, answer = names.tell_name(rng, told_name[speaker])
                    sample.turns += [
                        User(_decorated(rng, ask, others), speaker),
                        Reply(smalltalk.flavoured(rng, who, answer)),
                    ]
                    for _ in range(rng.choice((0, 1, 1, 2))):
                        ask, answer = smalltalk.exchange(rng, who)
                        sample.turns += [User(ask, speaker), Reply(answer)]
                ask, answer = names.ask_name(rng, told_name.get(speaker) or speaker or None)
            answer = smalltalk.flavoured(rng, who, answer)
        elif roll < 0.8:
            ask, answer = smalltalk.exchange(rng, who)
        elif roll < 0.86:
            ask, answer = smalltalk.question(rng, who)
        elif roll < 0.92:
            ask, answer = smalltalk.echo(rng)
        elif roll < 0.96:
            ask, answer = longer.longer(rng)
        elif offered is None:
            if rng.random() < 0.5:
                ask, answer = smalltalk.sums(rng)
                answer = smalltalk.flavoured(rng, who, answer)
            else:
                asked = tool_use.request(
                    rng, rng.choice([name for name in schemas.TOOLS if name != "calculate"])
                )
                ask, answer = asked.ask, smalltalk.flavoured(rng, who, asked.missing)
                if asked.call.name in tool_use.VAGUE and rng.random() < 0.3:
                    ask = smalltalk.casual(rng, rng.choice(tool_use.VAGUE[asked.call.name]))
        else:
            ask, answer = smalltalk.exchange(rng, who, "who")
        sample.turns += [User(_decorated(rng, ask, others), speaker), Reply(answer)]
    if not any(isinstance(turn, Reply) for turn in sample.turns):
        ask, answer = smalltalk.exchange(rng, who)
        sample.turns += [User(ask, speakers[0]), Reply(answer)]
    return sample


def plain(rng: Random) -> Sample:
    """A conversation without tools: talk, or JSON mode."""
    roll = rng.random()
    if roll < 0.42:
        return json_mode.sample(rng)
    return brief(rng) if roll < 0.52 else beside(rng) if roll < 0.6 else talk(rng)


def brief(rng: Random) -> Sample:
    """One exchange of small talk, a question, or something long."""
    who = personas.persona(rng)
    speaker = words.person(rng) if rng.random() < 0.5 else ""
    roll = rng.random()
    if roll < 0.68:
        ask, answer = smalltalk.exchange(rng, who)
    elif roll < 0.84:
        ask, answer = smalltalk.question(rng, who)
    elif roll < 0.96:
        ask, answer = longer.longer(rng)
    else:
        ask, answer = smalltalk.sums(rng)
        answer = smalltalk.flavoured(rng, who, answer)
    return Sample(who.system, bool(speaker), [User(ask, speaker), Reply(answer)])


def beside(rng: Random) -> Sample:
    """Two people who write one after the other; the second one mostly asks for their name."""
    who = personas.persona(rng)
    first, second = words.person(rng), words.person(rng)
    ask, answer = smalltalk.exchange(rng, who)
    turns: list[Turn] = [User(ask, first)]
    if rng.random() < 0.3:
        turns.append(Reply(answer))
    if rng.random() < 0.8:
        ask, answer = names.ask_name(rng, second)
        answer = smalltalk.flavoured(rng, who, answer)
    else:
        ask, answer = smalltalk.exchange(rng, who)
    return Sample(who.system, True, [*turns, User(ask, second), Reply(answer)])


def drill(rng: Random) -> Sample:
    """One short exchange that is mostly copying: a model that cannot copy learns nothing else."""
    roll = rng.random()
    if roll < 0.12:
        return json_mode.sample(rng)
    who = (
        personas.persona(rng)
        if rng.random() < 0.4
        else personas.Persona("", "Hermes Tiny", personas.TINY_INTRO, "self")
    )
    if roll < 0.65:
        ask, answer = smalltalk.echo(rng, rng.randint(2, 16))
    elif roll < 0.78:
        ask, answer = names.tell_name(rng, words.person(rng))
    elif roll < 0.88:
        ask, answer = smalltalk.question(rng, who)
    else:
        ask, answer = smalltalk.exchange(rng, who, "who" if who.roleplay else None)
    return Sample(who.system, turns=[User(ask), Reply(answer)])


def with_tools(rng: Random, offered: Offer) -> Sample:
    """A conversation behind a set of tools, or one message."""
    if rng.random() < 0.2:
        return single(rng, offered)
    return talk(rng, offered, tool_share=0.72)
