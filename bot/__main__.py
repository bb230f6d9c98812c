"""The command line: `python -m bot run | play | doctor`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from bot import __version__, log
from bot.errors import SettingsError, StartupError
from bot.settings import Settings, load

# From sysexits.h: the service managers that restart a program read these.
EXIT_UNAVAILABLE = 69
EXIT_CONFIG = 78


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = load()
        log.set_up(settings.log_format, settings.log_level)
        return asyncio.run(_command(options, settings))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    except StartupError as error:
        print(error, file=sys.stderr)
        return EXIT_UNAVAILABLE
    except KeyboardInterrupt:
        return 130


async def _command(options: argparse.Namespace, settings: Settings) -> int:
    # Each command imports what it needs: `run` does not pay for the others.
    if options.command == "run":
        from bot.app import run, until_signalled

        await until_signalled(run(settings))
        return 0
    if options.command == "play":
        from bot.app import play, until_signalled

        await until_signalled(play(settings, open_browser=options.browser))
        return 0
    from bot.doctor import examine

    return await examine(settings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hermes-discord", description="Nous Hermes models in your Discord server."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="connect to Discord and answer")
    play = commands.add_parser("play", help="open the playground in a browser; needs no account")
    play.add_argument(
        "--no-browser", dest="browser", action="store_false", help="only print the address"
    )
    commands.add_parser("doctor", help="say what is wrong with the set-up, and how to mend it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
