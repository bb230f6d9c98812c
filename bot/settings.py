"""Settings: read once from the environment, frozen, passed down.

Names are a contract with the people who host the bot. A wrong value, a missing secret file or a
misspelt name is one line that names the variable and what it takes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot import environment
from bot import setting_values as takes
from bot.errors import SettingsError, shown

DOTENV = ".env"

# A secret may stand in a file instead (Docker and Kubernetes mount them so): NAME_FILE.
SECRETS = ("DISCORD_TOKEN", "ENGINE_API_KEY", "ENGINE_API_KEYS", "REDIS_URL")

# What pydantic calls a value that is nothing of the kind.
_KINDS = {
    "bool_parsing": "true or false",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
}


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
        None,
        description="Redis or Valkey: redis://host:6379/0, or redis+sentinel://host,host2/service. "
        "Unset: a private one, in DATA_DIR.",
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
    shard_count: int | None = Field(
        None,
        ge=1,
        le=10_000,
        description="How many shards Discord's events come in. Unset: as many as Discord advises.",
    )
    shard_ids: Annotated[tuple[int, ...], BeforeValidator(takes.shard_ids)] | None = Field(
        None,
        description="The shards of SHARD_COUNT that this process serves, where others serve the "
        "rest: 0-3, or 4 per pod. Unset: all.",
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
    given = environment.read(
        os.environ if environ is None else environ,
        Path(DOTENV) if dotenv is None else dotenv,
        variable_names(),
    )
    values: dict[str, Any] = {
        name: given[name.upper()].strip()
        for name in Settings.model_fields
        if given.get(name.upper(), "").strip()
    }
    secrets = environment.read_secrets(given, SECRETS)
    values.update({name.lower(): secret for name, secret in secrets.items()})
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(_first_fault(error)) from None
    _refuse_keys_of_nobody(settings)
    _refuse_shards_that_are_not(settings)
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


def _refuse_shards_that_are_not(settings: Settings) -> None:
    ids, count = settings.shard_ids, settings.shard_count
    if not ids:
        return
    if count is None:
        raise SettingsError("SHARD_IDS: takes SHARD_COUNT beside it: how many shards there are")
    if max(ids) >= count:
        raise SettingsError(
            f"SHARD_IDS: there are shards 0 to {count - 1} (SHARD_COUNT), not {max(ids)}"
        )


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
