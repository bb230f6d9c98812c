"""The bot's account: token, application, intents, and whether the clocks agree."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.checks import access
from bot.checks.finding import Finding, fine, problem, warning
from bot.doctor import gateway
from bot.doctor.api import Answer, Api, Unreachable

# Discord's responses to interactions are good for minutes; more than this is a wrong clock.
_SKEW_SECONDS = 5.0

_WHERE = f"{access.PORTAL}: your application, page Bot, Privileged Gateway Intents"
_WITHOUT = "without it the bot still answers mentions, DMs and slash commands"


async def findings(api: Api) -> AsyncIterator[Finding]:
    """Look at the account behind a token."""
    if not api.token:
        yield problem(
            "discord.token",
            "token",
            "DISCORD_TOKEN is not set",
            f"run `make setup`, or copy the token of your bot from {access.PORTAL} "
            "(not needed for the playground)",
        )
        return
    try:
        answer = await api.get("/applications/@me")
    except Unreachable as error:
        yield unreachable(api, error)
        return
    if not answer.ok:
        yield refused(answer)
        return
    api.application = answer.body
    for finding in of_application(answer):
        yield finding
    yield await _delivered(api)


def of_application(answer: Answer) -> list[Finding]:
    """What an application says about itself."""
    body = answer.body
    name, number = str(body.get("name", "an application")), str(body.get("id", ""))
    flags = int(body.get("flags") or 0)
    found = [
        fine("discord.token", "token", f"belongs to {name}"),
        _public(public=bool(body.get("bot_public", True))),
        _granted(flags),
        _invited(number, body.get("approximate_guild_count")),
    ]
    if answer.skew is not None:
        found.append(_clock(answer.skew))
    return found


def unreachable(api: Api, error: Unreachable) -> Finding:
    """Discord does not answer."""
    return problem(
        "discord.reachable",
        "Discord",
        f"{api.shown} cannot be asked: {error}",
        "check the network, a proxy, and DISCORD_API_URL",
    )


def refused(answer: Answer) -> Finding:
    """Discord does not take the token."""
    if answer.status == 401:
        return problem(
            "discord.token",
            "token",
            "Discord does not accept it",
            f"{access.PORTAL}: your application, page Bot, Reset Token; copy it again",
        )
    return problem(
        "discord.reachable",
        "Discord",
        f"answers with HTTP {answer.status}",
        "check DISCORD_API_URL, or try again later",
    )


def _public(*, public: bool) -> Finding:
    text = "anybody who has the invitation can bring the bot into a server"
    if not public:
        text = "only you can bring the bot into a server"
    return fine("discord.public", "application", text)


def _invited(application: str, servers: object) -> Finding:
    check, subject = "discord.invite", "invitation"
    link = access.invite_link(application)
    if servers == 0:
        return warning(check, subject, "the bot is in no server yet", f"open {link}")
    return fine(check, subject, link)


def _granted(flags: int) -> Finding:
    check, subject = "discord.intents", "intents"
    if not access.reads_content(flags):
        advice = f"{_WHERE}, Message Content Intent; {_WITHOUT}"
        return warning(check, subject, "Message Content is off", advice)
    unused = access.unused_intents(flags)
    more = f"; {' and '.join(unused)} could be off" if unused else ""
    return fine(check, subject, f"Message Content is on{more}")


def _clock(skew: float) -> Finding:
    check, subject = "clock", "clock"
    if abs(skew) > _SKEW_SECONDS:
        side = "ahead of" if skew > 0 else "behind"
        text = f"it is {abs(skew):.0f} s {side} Discord's"
        return warning(check, subject, text, "let the system set it: timedatectl set-ntp true")
    return fine(check, subject, "it agrees with Discord's")


async def _delivered(api: Api) -> Finding:
    """What the gateway itself says to the intents."""
    check, subject = "discord.gateway", "gateway"
    try:
        code = await gateway.identify(api)
    except Unreachable as error:
        return problem(
            check, subject, str(error), "the bot needs websockets to Discord: check the network"
        )
    if code == gateway.READY:
        return fine(check, subject, "Discord lets the bot in, with all the intents it asks for")
    if code == gateway.REFUSED_INTENTS:
        return warning(
            check,
            subject,
            "Discord refuses the Message Content intent (4014); the bot sees what addresses it",
            f"{_WHERE}, Message Content Intent; then restart the bot. {_WITHOUT.capitalize()}",
        )
    if code == gateway.WRONG_TOKEN:
        return problem(check, subject, "Discord does not accept the token (4004)", "reset it")
    return problem(
        check, subject, f"Discord closed the connection ({code})", "try again in a minute"
    )
