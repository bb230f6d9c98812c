"""Settings: read once from the environment, frozen, passed down.

Names are a contract with the people who host the bot. A wrong value, a missing secret file or a
misspelt name is one line that names the variable and what it takes.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot import setting_values as takes
from bot.errors import SettingsError, shown

DOTENV = ".env"

# A secret may stand in a file instead (Docker and Kubernetes mount them so): NAME_FILE.
SECRETS = ("DISCORD_TOKEN", "ENGINE_API_KEY", "ENGINE_API_KEYS", "REDIS_URL")

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
# What pydantic calls a value that is nothing of the kind.
_KINDS = {
    "bool_parsing": "true or false",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
}
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
)


class Settings(BaseSettings):
    """Everything that can be set from outside. Times are in seconds."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_ignore_empty=True)

    discord_token: Annotated[SecretStr | None, AfterValidator(takes.key)] = Field(
        None, description="The bot's token from Discord's developer portal."
    )
    discord_api_url: Annotated[str, AfterValidator(takes.http_url)] | None = Field(
        None, description="An API proxy or a test server in place of Discord's own API."
    )
    redis_url: Annotated[SecretStr, AfterValidator(takes.redis_url)] | None = Field(
        None, description="Redis or Valkey. Unset: a private one, in DATA_DIR."
    )
    engine_url: Annotated[str, AfterValidator(takes.engine_url)] | None = Field(
        None,
        description="tgi+http://host:port, openai+http://host:port/v1; plain http:// is probed. "
        "Unset: the embedded engine.",
    )
    engine_api_key: Annotated[SecretStr | None, AfterValidator(takes.key)] = Field(
        None, description="The engine's key, if it has one."
    )
    engines: Annotated[tuple[takes.NamedEngine, ...], BeforeValidator(takes.engines)] | None = (
        Field(
            None,
            description="More engines to choose from by /model: name=address, "
            "name=address|profile.",
        )
    )
    engine_api_keys: (
        Annotated[Mapping[str, SecretStr], BeforeValidator(takes.engine_keys)] | None
    ) = Field(
        None,
        description="Keys of single ENGINES, in place of ENGINE_API_KEY: name=key. Nothing behind "
        "the name: that engine is sent none.",
    )
    engine_slots: int | None = Field(
        None,
        ge=0,
        description="How many replies each engine is asked for at once; others wait in line. "
        "Unset: as many as the engine says it takes.",
    )
    model: str | None = Field(
        None, description="A profile's name. Unset: from what the engine says it serves."
    )
    model_file: str | None = Field(
        None,
        description="For the embedded engine: a GGUF file, or hf:owner/repository/file.gguf. "
        "Unset: the bundled tiny model.",
    )
    system_prompt: str | None = Field(
        None,
        description="Who the bot is and how it talks, where neither a server nor a channel says "
        "otherwise. {{date}} and {{weekday}} say what day it is.",
    )
    character_file: Annotated[Path | None, AfterValidator(takes.path)] = Field(
        None,
        description="A character card (PNG, JSON or CHARX): who the bot is wherever no other "
        "character is on stage.",
    )
    status_text: str | None = Field(
        None,
        max_length=128,
        description="What stands under the bot's name in lists of members; up to 128 characters.",
    )
    data_dir: Annotated[Path, AfterValidator(takes.path)] = Field(
        Path("data"), description="Where the bot keeps its files."
    )
    log_format: Annotated[Literal["pretty", "json"], BeforeValidator(takes.word)] = Field(
        "pretty", description="pretty or json."
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(takes.word)
    ] = Field("info", description="debug, info, warning or error.")
    alert_channel: Annotated[int, BeforeValidator(takes.channel)] | None = Field(
        None, description="The id of a channel where the bot says that an engine is away."
    )
    alert_after: float = Field(
        120.0, gt=0, description="After how many seconds without an answer it says so."
    )
    http_host: str = Field("127.0.0.1", description="Where health, metrics and playground listen.")
    http_port: int = Field(8420, ge=0, le=65535, description="Their port; 0 picks a free one.")
    public_url: Annotated[str, AfterValidator(takes.public_url)] | None = Field(
        None,
        description="Where everybody reaches this web server, for pictures of characters: "
        "https://bot.example. Unset: pictures become emojis of the application.",
    )
    trace_ids: bool = Field(
        False,
        description="Tell the ids of the channel and of the server in traces. Where these go is "
        "set by OpenTelemetry's own variables (OTEL_EXPORTER_OTLP_ENDPOINT): docs/monitoring.md.",
    )
    max_reply_tokens: int = Field(
        1024, ge=16, le=16384, description="The longest answer, in tokens."
    )
    sampling: Annotated[Mapping[str, float] | None, BeforeValidator(takes.sampling)] = Field(
        None,
        description="How freely models write, in place of what their cards say, unless a server "
        "says otherwise.",
    )
    first_token_timeout: float = Field(
        120.0, gt=0, description="How long the engine may stay silent before its first token."
    )
    reply_timeout: float = Field(600.0, gt=0, description="How long a whole answer may take.")
    notify_after: float = Field(
        0.0,
        ge=0,
        description="Tell who asked, with a ping, when an answer is done that was written for "
        "longer than so many seconds; 0: never.",
    )
    stop_after: float = Field(
        20.0,
        ge=0,
        le=3600,
        description="When the bot is stopped, replies that are being written have so many seconds "
        "to end; what is left then, the next process goes on with.",
    )
    reply_controls: bool = Field(
        True,
        description="Buttons under the newest reply: again, continue, edit, delete, variants.",
    )
    answer_bots: Annotated[tuple[int, ...], BeforeValidator(takes.ids)] = Field(
        (),
        description="Ids of bots that are answered when they, or webhooks of theirs such as "
        "PluralKit's, mention the bot or reply to it; all others never are.",
    )
    allowed_users: Annotated[tuple[int, ...], BeforeValidator(takes.people)] = Field(
        (), description="Ids of people: nobody else is answered, in any server or direct message."
    )
    blocked_users: Annotated[tuple[int, ...], BeforeValidator(takes.people)] = Field(
        (), description="Ids of people who are answered nowhere."
    )
    answer_dms: bool = Field(True, description="Answer direct messages.")
    waiting_per_user: int = Field(
        3,
        ge=0,
        description="How many questions of one person may wait for an engine at once; 0: any.",
    )
    replies_per_user_per_hour: int = Field(
        0, ge=0, description="How many replies one person gets in an hour; 0: any number."
    )
    replies_per_server_per_hour: int = Field(
        0, ge=0, description="How many replies one server gets in an hour; 0: any number."
    )
    tokens_per_user_per_hour: int = Field(
        0, ge=0, description="How many tokens are written for one person in an hour; 0: any number."
    )
    tokens_per_server_per_hour: int = Field(
        0, ge=0, description="How many tokens are written for one server in an hour; 0: any number."
    )
    tools_on: Annotated[tuple[str, ...], BeforeValidator(takes.names)] = Field(
        (),
        description="Tools that are on unless a server says otherwise: names of tools, or of files "
        "in cogs/tools such as weather. Others that reach out of Discord are off at first.",
    )
    tool_rounds: int = Field(
        6,
        ge=1,
        le=30,
        description="After so many rounds of tool calls a model has to answer with what it has.",
    )
    tool_calls_per_hour: int = Field(
        60, ge=0, description="How many tool calls one person may cause in an hour; 0: none."
    )
    tool_calls_per_server_per_hour: int = Field(
        0, ge=0, description="How many tool calls one server may cause in an hour; 0: any number."
    )
    searxng_url: Annotated[str, AfterValidator(takes.http_url)] | None = Field(
        None, description="A SearXNG server that web_search asks; it may be a private one."
    )
    sandbox_url: Annotated[str, AfterValidator(takes.http_url)] | None = Field(
        None, description="A sandbox with Piston's API that run_python runs code in."
    )
    mcp_config: Annotated[Path | None, AfterValidator(takes.path)] = Field(
        None, description="A JSON file with Model Context Protocol servers whose tools are offered."
    )
    embedding_url: Annotated[str, AfterValidator(takes.http_url)] | None = Field(
        None, description="An embedding model's server, to find facts that use other words."
    )
    embedding_model: str | None = Field(
        None, description="The embedding model's name, for servers that have several."
    )
    summaries: bool = Field(
        True,
        description="Sum up what no longer fits into the model's memory, and tell it in short.",
    )
    history_days: int = Field(
        30, ge=1, le=3650, description="A conversation is forgotten after so many quiet days."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values only from what `load` hands over: it has read the environment already."""
        return (init_settings,)


def variable_names() -> tuple[str, ...]:
    """Every environment variable that the bot reads."""
    own = tuple(name.upper() for name in Settings.model_fields)
    return own + tuple(f"{secret}_FILE" for secret in SECRETS)


def load(environ: Mapping[str, str] | None = None, dotenv: Path | None = None) -> Settings:
    """Read the environment, over the `.env` file; any fault is a one-line `SettingsError`."""
    environ = os.environ if environ is None else environ
    written = _read_dotenv(Path(DOTENV) if dotenv is None else dotenv)
    if environ is os.environ:
        _hand_on(written)
    given = {**written, **environ}
    _refuse_unknown(given)
    values: dict[str, Any] = {
        name: given[name.upper()].strip()
        for name in Settings.model_fields
        if given.get(name.upper(), "").strip()
    }
    values.update(_read_secret_files(given))
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(_first_fault(error)) from None
    _refuse_keys_of_nobody(settings)
    return settings


def _refuse_keys_of_nobody(settings: Settings) -> None:
    names = [engine.name for engine in settings.engines or ()]
    if not settings.engine_api_keys or settings.engine_api_keys.keys() <= set(names):
        return
    # Never the name that is wrong: it may be a part of a key.
    known = f"name=key for names of ENGINES ({', '.join(names)})" if names else "keys of ENGINES"
    raise SettingsError(
        f"ENGINE_API_KEYS: takes {known}, and nothing else; the key of ENGINE_URL's engine is "
        "ENGINE_API_KEY"
    )


def _read_dotenv(path: Path) -> dict[str, str]:
    # dotenv comes with pydantic-settings; imported here since most starts have no file.
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        _refuse_odd_lines(path)
        read = dotenv_values(path, encoding="utf-8")
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not written in UTF-8; save it again as that") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    values = {name: value or "" for name, value in read.items()}
    known = variable_names()
    for name in values:
        if name not in known and not name.startswith(_FOREIGN_PREFIXES):
            raise SettingsError(f"{name} in {path}: there is no such setting{_nearest(name)}")
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


def _refuse_unknown(given: Mapping[str, str]) -> None:
    known = variable_names()
    for name in given:
        if name in known or name.startswith(_FOREIGN_PREFIXES):
            continue
        # The environment holds other programs' variables: only ours and near misses are faults.
        is_slip = len(name) >= 7 and difflib.get_close_matches(name, known, n=1, cutoff=0.88)
        if name.startswith(_OUR_PREFIXES) or is_slip:
            raise SettingsError(f"{name}: there is no such setting{_nearest(name)}")


def _nearest(name: str) -> str:
    close = difflib.get_close_matches(name.upper(), variable_names(), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def _read_secret_files(given: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for secret in SECRETS:
        path = given.get(f"{secret}_FILE", "").strip()
        if not path:
            continue
        if given.get(secret, "").strip():
            raise SettingsError(f"{secret} and {secret}_FILE are both set; keep one of them")
        try:
            values[secret.lower()] = Path(os.path.expanduser(path)).read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = (error.strerror if isinstance(error, OSError) else "") or "it is no text"
            raise SettingsError(f"{secret}_FILE: cannot read {path}: {why}") from None
        if not values[secret.lower()]:
            raise SettingsError(f"{secret}_FILE: {path} is empty")
    return values


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_context=False)[0]
    name = str(fault["loc"][0]).upper() if fault["loc"] else "settings"
    wrong = "" if name in SECRETS else f", not {shown(fault.get('input'))}"
    return f"{name}: {_in_words(fault)}{wrong}"


def _in_words(fault: ErrorDetails) -> str:
    if fault["type"] in _KINDS:
        return f"must be {_KINDS[fault['type']]}"
    message = fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return message[:1].lower() + message[1:]
