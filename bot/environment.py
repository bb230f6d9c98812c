"""The environment and the `.env` file: the raw variables that settings are read from.

Whatever is wrong with them is a one-line `SettingsError` that names the variable.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Mapping
from pathlib import Path

from bot.errors import SettingsError

# Variables that share a prefix with ours or our .env file but belong to other programs.
_FOREIGN_PREFIXES = (
    "COMPOSE_",
    "TGI_",
    "HF_",
    "HUGGING_FACE_",
    "DOCKER_",
    "LLAMA_",
    "GRAFANA_",
    "CUDA_",
    "OTEL_",
    "SEARXNG_SECRET",
    "VALKEY_",
    "BOT_LOCK",
)
_OUR_PREFIXES = (
    "DISCORD_",
    "ENGINE_",
    "HISTORY_",
    "TOOL_",
    "TOOLS_",
    "MCP_",
    "SEARXNG_",
    "SANDBOX_",
    "PUBLIC_",
    "ALERT_",
    "SHARD_",
)


def read(environ: Mapping[str, str], dotenv: Path, known: Collection[str]) -> dict[str, str]:
    """Read the variables of the environment, over those of the file; `known` are the bot's own.

    One that looks like the bot's but is not known is an error.
    """
    written = _read_dotenv(dotenv, known)
    if environ is os.environ:
        _hand_on(written)
    given = {**written, **environ}
    _refuse_unknown(given, known)
    return given


def _read_dotenv(path: Path, known: Collection[str]) -> dict[str, str]:
    # dotenv comes with pydantic-settings; imported here since most starts have no file.
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        _refuse_odd_lines(path)
        found = dotenv_values(path, encoding="utf-8")
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not written in UTF-8; save it again as that") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    values = {name: value or "" for name, value in found.items()}
    for name in values:
        if name not in known and not name.startswith(_FOREIGN_PREFIXES):
            near = _nearest(name, known)
            raise SettingsError(f"{name} in {path}: there is no such setting{near}")
    return values


def _refuse_odd_lines(path: Path) -> None:
    """Name the first line that sets nothing: left alone, it would look as if it had been read."""
    from dotenv.parser import parse_stream

    with path.open(encoding="utf-8") as file:
        for one in parse_stream(file):
            if one.error:
                # Never the line itself: it may be the one with the token.
                raise SettingsError(
                    f"{path}, line {one.original.line}: cannot be read; a line is NAME=value, "
                    "what begins with a quotation mark ends with one, and a remark begins with #"
                )


def _hand_on(written: Mapping[str, str]) -> None:
    """Put into the environment what others' libraries look for there.

    That is OpenTelemetry's, and the token with which a `MODEL_FILE` is fetched.
    """
    for name, value in written.items():
        if value and (name.startswith("OTEL_") or name == "HF_TOKEN"):
            os.environ.setdefault(name, value)


def _refuse_unknown(given: Mapping[str, str], known: Collection[str]) -> None:
    for name in given:
        if name in known or name.startswith(_FOREIGN_PREFIXES):
            continue
        # The environment holds other programs' variables: only ours and near misses are faults.
        is_slip = len(name) >= 7 and difflib.get_close_matches(name, known, n=1, cutoff=0.88)
        if name.startswith(_OUR_PREFIXES) or is_slip:
            raise SettingsError(f"{name}: there is no such setting{_nearest(name, known)}")


def _nearest(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def read_secrets(given: Mapping[str, str], secrets: Collection[str]) -> dict[str, str]:
    """Read the secrets that stand in files (NAME_FILE instead of NAME); answers name -> secret."""
    values: dict[str, str] = {}
    for secret in secrets:
        path = given.get(f"{secret}_FILE", "").strip()
        if not path:
            continue
        if given.get(secret, "").strip():
            raise SettingsError(f"{secret} and {secret}_FILE are both set; keep one of them")
        try:
            values[secret] = Path(os.path.expanduser(path)).read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = (error.strerror if isinstance(error, OSError) else "") or "it is no text"
            raise SettingsError(f"{secret}_FILE: cannot read {path}: {why}") from None
        if not values[secret]:
            raise SettingsError(f"{secret}_FILE: {path} is empty")
    return values
