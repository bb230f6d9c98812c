"""The command line: `python -m bot setup | run | play | doctor | eval | …`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot import __version__
from bot.errors import SettingsError, StartupError

if TYPE_CHECKING:
    from bot.settings import Settings

# From sysexits.h: the service managers that restart a program read these.
EXIT_UNAVAILABLE = 69
EXIT_CONFIG = 78

# As shells say it of programs that end like this (128 and SIGPIPE).
EXIT_PIPE = 141

# After STOP_AFTER: to say what is left to whom, and to close connections.
_LAST_SECONDS = 7.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code = _run(options)
        if sys.stdout:
            sys.stdout.flush()
        return code
    except SettingsError as error:
        if options.command == "doctor" and options.json:
            from bot.doctor import refused

            print(refused(error))
        else:
            print(error, file=sys.stderr)
        return EXIT_CONFIG
    except StartupError as error:
        print(error, file=sys.stderr)
        return EXIT_UNAVAILABLE
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("bot", "cogs"):
            raise
        print(_not_installed(error.name), file=sys.stderr)
        return EXIT_UNAVAILABLE
    except BrokenPipeError:
        if options.command == "run":
            raise
        # Nobody reads on: `| head`. Python would complain once more while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    if options.command == "render":
        # Before the settings: it has none, and answers in a tenth of a second.
        from bot.commands.render import main as render

        return render(sys.stdin.buffer, sys.stdout.buffer)
    if options.command == "parse":
        from bot.commands.parse import main as parse

        return parse(sys.stdin.buffer, sys.stdout.buffer)
    if options.command == "reference":
        # Before the settings, too: it tells of their defaults, not of what is set here.
        from bot.commands.reference import write

        return write()
    if options.command == "setup":
        # It writes the settings that the others read.
        from bot.commands.setup import set_up

        return set_up(options)
    from bot import log
    from bot.settings import load

    settings = load()
    log.set_up(settings.log_format, settings.log_level)
    if options.command == "model":
        # Without an event loop, which would keep Ctrl+C to itself until a download is done.
        from bot.commands import models

        models.run(options.action, options.name, options.file, settings.data_dir)
        return 0
    return asyncio.run(_command(options, settings))


def _not_installed(module: str) -> str:
    return (
        f"This Python ({sys.executable}) has no {module}. `make run` and `make setup` use one that "
        "has all that is needed; so does `.venv/bin/python -m bot ...`, once one of them has run."
    )


async def _command(options: argparse.Namespace, settings: Settings) -> int:
    # Each command imports what it needs: `run` does not pay for the others.
    if options.command == "run":
        from bot.app import run
        from bot.ending import until_signalled

        asked = asyncio.Event()
        await until_signalled(run(settings, asked), asked, settings.stop_after + _LAST_SECONDS)
        return 0
    if options.command == "play":
        from bot.app import play
        from bot.ending import until_signalled

        await until_signalled(play(settings, open_browser=options.browser))
        return 0
    if options.command == "eval":
        from bot.commands.evaluate import evaluate

        return await evaluate(options, settings)
    if options.command in ("backup", "restore"):
        from bot.commands import backup

        if options.command == "backup":
            return await backup.back_up(settings, options.file)
        return await backup.put_back(settings, options.file)
    from bot.doctor import examine

    return await examine(settings, as_json=options.json)


def _parser() -> argparse.ArgumentParser:
    from bot.commands import eval_options, setup_options

    parser = argparse.ArgumentParser(
        prog="hermes-discord", description="Nous Hermes models in your Discord server."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    set_up = commands.add_parser("setup", help="a guided first run: from a token to a .env file")
    setup_options.add_to(set_up)
    commands.add_parser("run", help="connect to Discord and answer")
    play = commands.add_parser("play", help="open the playground in a browser; needs no account")
    play.add_argument(
        "--no-browser", dest="browser", action="store_false", help="only print the address"
    )
    doctor = commands.add_parser("doctor", help="say what is wrong, and how to mend it")
    doctor.add_argument("--json", action="store_true", help="for programs; see docs/doctor.md")
    save = commands.add_parser("backup", help="copy all conversations to a file; the bot may run")
    save.add_argument("file", metavar="FILE", help="a new file; - is standard output")
    back = commands.add_parser("restore", help="put such a copy back; the bot must not run")
    back.add_argument("file", metavar="FILE", type=Path)
    measure = commands.add_parser("eval", help="measure the model's tool calls, JSON and more")
    eval_options.add_to(measure)
    commands.add_parser("render", help="prompts as JSON Lines: cases in, prompts out")
    commands.add_parser("parse", help="answers of a model as JSON Lines: text in, calls out")
    commands.add_parser("reference", help="write docs/reference anew; for developers")
    model = commands.add_parser("model", help="which models there are, and which fit this machine")
    model.set_defaults(action="list", name="", file=None)
    actions = model.add_subparsers(dest="action")
    actions.add_parser("list", help="all profiles")
    show = actions.add_parser("show", help="one profile, and the settings that start it")
    download = actions.add_parser("download", help="fetch its GGUF file for the embedded engine")
    env = actions.add_parser("env", help="its file for docker compose (deploy/models)")
    for one in (show, download, env):
        one.add_argument("name", help="a profile's name, or a model id")
    download.add_argument("--file", help="which file of its repository; unset: the 4-bit one")
    return parser


if __name__ == "__main__":
    sys.exit(main())
