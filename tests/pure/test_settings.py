"""Settings: the names are a contract, and a mistake is one line that names the variable."""

import os
import socket
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.setting_values import NamedEngine
from bot.settings import load

NO_FILE = Path("does-not-exist.env")


def fault(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(environ, NO_FILE)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_ids_of_people_are_read():
    settings = load({"ALLOWED_USERS": "155149108183695360, 155149108183695361"}, NO_FILE)
    assert settings.allowed_users == (155149108183695360, 155149108183695361)
    assert settings.blocked_users == ()
    with pytest.raises(SettingsError, match=r"^BLOCKED_USERS: takes ids of people, divided by"):
        load({"BLOCKED_USERS": "Ann"}, NO_FILE)


def test_everything_has_a_default():
    settings = load({}, NO_FILE)
    assert settings.engine_url is None
    assert settings.redis_url is None
    assert settings.http_host == "127.0.0.1"


def test_foreign_variables_are_left_alone():
    load({"PATH": "/bin", "HTTP_PROXY": "http://proxy", "HF_TOKEN": "x", "LANG": "C"}, NO_FILE)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HTTP_PORT", "eighty", "must be a whole number, not 'eighty'"),
        ("HISTORY_DAYS", "3.5", "must be a whole number"),
        ("REPLY_TIMEOUT", "1,5", "must be a number"),
        ("SUMMARIES", "ja", "must be true or false"),
        ("HTTP_PORT", "70000", "65535"),
        ("ENGINE_URL", "ftp://engine", "tgi+http://"),
        ("DISCORD_API_URL", "discord.com", "http"),
        ("LOG_FORMAT", "yaml", "'pretty' or 'json'"),
        ("HISTORY_DAYS", "0", "greater than or equal to 1"),
        ("REPLY_TIMEOUT", "-1", "greater than 0"),
        ("NOTIFY_AFTER", "-1", "greater than or equal to 0"),
        ("ANSWER_BOTS", "155149108183695360, robot", "takes ids of bots"),
    ],
)
def test_a_wrong_value_names_the_variable_and_what_it_takes(name: str, value: str, says: str):
    text = fault(**{name: value})
    assert text.startswith(f"{name}: ")
    assert says in text
    assert value in text


@pytest.mark.parametrize(
    "value",
    ["http://h:abc", "http://h:99999", "http://", "http://a b", "http://[::1", "https:///x"],
)
@pytest.mark.parametrize("name", ["DISCORD_API_URL", "EMBEDDING_URL", "SEARXNG_URL", "PUBLIC_URL"])
def test_an_address_that_leads_nowhere_is_a_fault(name: str, value: str):
    told = fault(**{name: value})
    assert (
        told == f"{name}: takes an address such as http://host:8080, or https://host, not {value!r}"
    )


@pytest.mark.parametrize("value", ["DEBUG", "Debug", " debug "])
def test_the_case_of_a_word_does_not_matter(value: str):
    assert load({"LOG_LEVEL": value}, NO_FILE).log_level == "debug"


@pytest.mark.parametrize("yes", ["true", "True", "TRUE", "1", "yes", "on", "y"])
@pytest.mark.parametrize("no", ["false", "False", "0", "no", "off", "n"])
def test_yes_and_no_in_the_ways_that_people_write_them(yes: str, no: str):
    settings = load({"SUMMARIES": no, "TRACE_IDS": yes}, NO_FILE)
    assert (settings.summaries, settings.trace_ids) == (False, True)


def test_bots_that_are_answered():
    given = {"ANSWER_BOTS": "155149108183695360, 155149108183695361"}
    assert load(given, NO_FILE).answer_bots == (155149108183695360, 155149108183695361)
    assert load({}, NO_FILE).answer_bots == ()


def test_summaries_can_be_switched_off():
    assert load({}, NO_FILE).summaries is True
    assert load({"SUMMARIES": "false"}, NO_FILE).summaries is False


def test_several_engines():
    text = "fast=openai+http://a:8000/v1/, big = tgi+http://b:8080 | Hermes-3-Llama-3.1-405B\nc=http://c"
    assert load({"ENGINES": text}, NO_FILE).engines == (
        NamedEngine("fast", "openai+http://a:8000/v1"),
        NamedEngine("big", "tgi+http://b:8080", "Hermes-3-Llama-3.1-405B"),
        NamedEngine("c", "http://c"),
    )
    assert load({"ENGINES": " "}, NO_FILE).engines is None


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("http://a:8000", "takes name=tgi+http://host:port"),
        ("Big=http://a", "up to 32 of a-z"),
        (f"{'x' * 33}=http://a", "up to 32 of a-z"),
        ("a=ftp://a", "a takes tgi+http://host:port"),
        ("a=", "a takes tgi+http://host:port"),
        ("default=http://a", "the engine of ENGINE_URL"),
        ("a=http://a,a=http://b", "a name of its own"),
    ],
)
def test_a_malformed_engine_is_one_line(value: str, says: str):
    text = fault(ENGINES=value)
    assert text.startswith("ENGINES: ")
    assert says in text


def keys(text: str, **more: str) -> dict[str, str]:
    given = {"ENGINES": "a=http://a,b-2=http://b", "ENGINE_API_KEYS": text, **more}
    found = load(given, NO_FILE).engine_api_keys or {}
    return {name: key.get_secret_value() for name, key in found.items()}


def test_keys_of_single_engines():
    assert keys("a=k1, b-2 = k=2==\n") == {"a": "k1", "b-2": "k=2=="}
    assert keys("b-2=") == {"b-2": ""}
    assert keys(" ") == {}


def test_keys_of_single_engines_in_a_file(tmp_path: Path):
    file = tmp_path / "keys"
    file.write_text("a=k1\r\nb-2=k2\n")
    assert keys("", ENGINE_API_KEYS_FILE=str(file)) == {"a": "k1", "b-2": "k2"}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("hunter2", "takes name=key, name=key"),
        ("a=k,hunter2", "takes name=key, name=key"),
        ("A=hunter2", "takes name=key, name=key"),
        ("a=hunter2,a=hunter2", "each name of ENGINES once"),
        ("a=two hunter2", "one word of plain letters"),
        ("a=hünter2hunter2", "one word of plain letters"),
        ("c=hunter2", "names of ENGINES (a, b-2)"),
        ("hunter2=", "names of ENGINES (a, b-2)"),
        ("default=hunter2", "the key of ENGINE_URL's engine is ENGINE_API_KEY"),
    ],
)
def test_a_malformed_key_is_one_line_that_does_not_show_it(value: str, says: str):
    text = fault(ENGINES="a=http://a, b-2=http://b", ENGINE_API_KEYS=value)
    assert text.startswith("ENGINE_API_KEYS: ")
    assert says in text
    assert "hunter2" not in text
    assert "\n" not in text


def test_keys_without_engines_are_a_fault():
    text = fault(ENGINE_API_KEYS="a=hunter2")
    assert text.startswith("ENGINE_API_KEYS: takes keys of ENGINES")
    assert "hunter2" not in text


def test_keys_of_single_engines_are_not_shown():
    found = load({"ENGINES": "a=http://a", "ENGINE_API_KEYS": "a=hunter2"}, NO_FILE)
    assert "hunter2" not in repr(found)
    assert "hunter2" not in str(found.model_dump())
    assert "hunter2" not in found.model_dump_json()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DISCORD_TOKN", "DISCORD_TOKEN"),
        ("ENGINE_ULR", "ENGINE_URL"),
        ("REDIS_ULR", "REDIS_URL"),
        ("LOG_FROMAT", "LOG_FORMAT"),
    ],
)
def test_a_misspelt_name_is_a_fault_that_names_the_right_one(name: str, meant: str):
    assert meant in fault(**{name: "x"})


def test_a_secret_is_never_shown():
    assert "hunter2" not in fault(REDIS_URL="http://user:hunter2@host")
    assert "hunter2" not in repr(load({"DISCORD_TOKEN": "hunter2"}, NO_FILE))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENGINE_URL", "ftp://me:hunter2@host"),
        ("ENGINES", "fast=ftp://me:hunter2@host"),
        ("DISCORD_API_URL", "ftp://me:hun/hunter2@host"),
        ("SEARXNG_URL", "me:hunter2@host"),
        ("PUBLIC_URL", "https://me:hunter2@host"),
    ],
)
def test_a_password_in_an_address_is_never_shown(name: str, value: str):
    told = fault(**{name: value})
    assert "hunter2" not in told
    assert "host" in told


def test_blanks_and_line_ends_around_a_key_are_no_part_of_it():
    found = load({"DISCORD_TOKEN": " secret\r", "ENGINE_API_KEY": "key\n"}, NO_FILE)
    assert found.discord_token
    assert found.discord_token.get_secret_value() == "secret"
    assert found.engine_api_key
    assert found.engine_api_key.get_secret_value() == "key"


@pytest.mark.parametrize("value", ["two words", "two\nlines", "“MTA.x.y”", "schlüssel"])
@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "ENGINE_API_KEY"])
def test_a_key_that_no_header_can_carry_is_a_fault(name: str, value: str):
    told = fault(**{name: value})
    assert told.startswith(f"{name}: takes one word")
    assert value not in told


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_secret_may_stand_in_a_file(tmp_path: Path, encoding: str):
    secret = tmp_path / "token"
    secret.write_text("abc.def\n", encoding)
    settings = load({"DISCORD_TOKEN_FILE": str(secret)}, NO_FILE)
    assert settings.discord_token
    assert settings.discord_token.get_secret_value() == "abc.def"


def test_a_secret_file_that_cannot_be_read_is_a_fault(tmp_path: Path):
    assert "DISCORD_TOKEN_FILE" in fault(DISCORD_TOKEN_FILE=str(tmp_path / "missing"))
    assert "Errno" not in fault(DISCORD_TOKEN_FILE=str(tmp_path))
    empty = tmp_path / "empty"
    empty.write_text("")
    assert "empty" in fault(DISCORD_TOKEN_FILE=str(empty))
    assert "both" in fault(DISCORD_TOKEN_FILE=str(empty), DISCORD_TOKEN="x")


def test_a_dotenv_file_is_read_and_the_environment_wins(tmp_path: Path):
    dotenv = tmp_path / ".env"
    dotenv.write_text("HTTP_PORT=9000\nMODEL=Hermes-2-Pro-Llama-3-8B\nCOMPOSE_PROFILES=cpu\n")
    settings = load({"HTTP_PORT": "9001"}, dotenv)
    assert (settings.http_port, settings.model) == (9001, "Hermes-2-Pro-Llama-3-8B")


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_dotenv_file_in_another_encoding_is_a_fault(tmp_path: Path, encoding: str):
    dotenv = tmp_path / ".env"
    dotenv.write_text("# Grüße\nHTTP_PORT=9000\n", encoding=encoding)
    with pytest.raises(SettingsError, match=r"\.env: is not written in UTF-8"):
        load({}, dotenv)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_dotenv_file_from_windows_is_read(tmp_path: Path, encoding: str):
    dotenv = tmp_path / ".env"
    dotenv.write_text('HTTP_PORT="9000"\n', encoding=encoding, newline="\r\n")
    assert load({}, dotenv).http_port == 9000


def test_a_dotenv_file_as_people_write_it(tmp_path: Path):
    dotenv = tmp_path / ".env"
    dotenv.write_text(
        "# mine\n\nexport HTTP_PORT = 9000 # a remark\n"
        "MODEL='Hermes-2-Pro-Llama-3-8B'\n  LOG_LEVEL=\"info\"\nSUMMARIES=\n"
        "HISTORY_DAYS=7\nHISTORY_DAYS=8\n"
    )
    settings = load({}, dotenv)
    assert (settings.http_port, settings.model) == (9000, "Hermes-2-Pro-Llama-3-8B")
    # What is empty is unset; of two lines the last counts, as with docker compose.
    assert (settings.log_level, settings.summaries, settings.history_days) == ("info", True, 8)


@pytest.mark.parametrize(
    "line",
    [
        "DISCORD_TOKEN: hunter2",
        '{"DISCORD_TOKEN": "hunter2"}',
        'DISCORD_TOKEN="hunter2',
        "the token is hunter2",
    ],
)
def test_a_line_that_sets_nothing_is_a_fault_with_its_number(tmp_path: Path, line: str):
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"# mine\nHTTP_PORT=9000\n{line}\nMODEL=x\n")
    with pytest.raises(SettingsError, match=r"\.env, line 3: cannot be read") as caught:
        load({}, dotenv)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_home_folder_is_meant_by_its_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "token").write_text("a.b.c")
    names = ("DATA_DIR", "MCP_CONFIG", "CHARACTER_FILE")
    settings = load(dict.fromkeys(names, "~/x") | {"DISCORD_TOKEN_FILE": "~/token"}, NO_FILE)
    found = (settings.data_dir, settings.mcp_config, settings.character_file)
    assert found == (tmp_path / "x",) * 3
    assert settings.discord_token
    assert settings.discord_token.get_secret_value() == "a.b.c"


def test_commas_too_many_name_no_tool():
    assert load({"TOOLS_ON": ", weather,, time,"}, NO_FILE).tools_on == ("weather", "time")
    assert load({"TOOLS_ON": ",,"}, NO_FILE).tools_on == ()


def test_a_name_in_small_letters_is_told_the_large_ones(tmp_path: Path):
    dotenv = tmp_path / ".env"
    dotenv.write_text("discord_token=hunter2\n")
    with pytest.raises(SettingsError, match=r"did you mean DISCORD_TOKEN\?") as caught:
        load({}, dotenv)
    assert "hunter2" not in str(caught.value)


def test_the_key_for_downloads_may_stand_in_the_dotenv_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    dotenv = tmp_path / ".env"
    dotenv.write_text("HF_TOKEN=hf_one\n")
    monkeypatch.setenv("HF_TOKEN", "x")
    monkeypatch.delenv("HF_TOKEN")
    load(None, dotenv)
    assert os.environ["HF_TOKEN"] == "hf_one"


def test_an_unknown_name_in_the_dotenv_file_is_a_fault(tmp_path: Path):
    dotenv = tmp_path / ".env"
    dotenv.write_text("TEMPERATUR=1\n")
    with pytest.raises(SettingsError, match="TEMPERATUR"):
        load({}, dotenv)


def test_what_opentelemetry_reads_itself_may_stand_in_the_dotenv_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    dotenv = tmp_path / ".env"
    dotenv.write_text("OTEL_SERVICE_NAME=one\nOTEL_TRACES_SAMPLER=always_on\nMODEL=\n")
    # Both are to be as before, whatever is put there.
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "x")
    monkeypatch.delenv("OTEL_TRACES_SAMPLER")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "two")
    load({}, dotenv)
    assert "OTEL_TRACES_SAMPLER" not in os.environ
    load(None, dotenv)
    assert os.environ["OTEL_TRACES_SAMPLER"] == "always_on"
    assert os.environ["OTEL_SERVICE_NAME"] == "two"


def test_an_empty_variable_counts_as_unset():
    assert load({"ENGINE_URL": "", "HTTP_PORT": " "}, NO_FILE).engine_url is None


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ("0-3", (0, 1, 2, 3)),
        ("5, 0,2", (0, 2, 5)),
        ("1-2 7", (1, 2, 7)),
        ("4 per pod", (8, 9, 10, 11)),
    ],
)
def test_shards_are_read(monkeypatch: pytest.MonkeyPatch, given: str, ids: tuple[int, ...]):
    monkeypatch.setattr(socket, "gethostname", lambda: "bot-2")
    assert load({"SHARD_COUNT": "16", "SHARD_IDS": given}, NO_FILE).shard_ids == ids


@pytest.mark.parametrize(
    ("given", "count", "says"),
    [
        ("0-1", "", "SHARD_IDS: takes SHARD_COUNT beside it"),
        ("2-3", "3", "SHARD_IDS: there are shards 0 to 2 (SHARD_COUNT), not 3"),
        ("one", "3", "SHARD_IDS: takes ids of shards: 0-3, or 0, 2, 5; or 4 per pod, not 'one'"),
        ("0 per pod", "4", "SHARD_IDS: takes ids of shards: 0-3, or 0, 2, 5; or 4 per pod"),
        ("3-0", "4", "SHARD_IDS: takes ids of shards from the lowest to the highest"),
        ("4 per pod", "4", "SHARD_IDS: takes no “per pod” here: this host is laptop"),
        ("0", "0", "SHARD_COUNT: must be greater than or equal to 1"),
    ],
)
def test_shards_that_cannot_be(monkeypatch: pytest.MonkeyPatch, given: str, count: str, says: str):
    monkeypatch.setattr(socket, "gethostname", lambda: "laptop")
    assert fault(SHARD_IDS=given, SHARD_COUNT=count).startswith(says)
