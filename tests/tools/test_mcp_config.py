"""The operator's file of servers: what it takes, and what it says about what it does not take."""

from __future__ import annotations

import json
import re

import pytest

from bot.errors import SettingsError
from bot.tools.mcp import ServerConfig, read_config
from tests.structure.tree import ROOT

ENVIRONMENT = {"TOKEN": "s3cret-token", "EMPTY": ""}


@pytest.fixture
def read(tmp_path):
    def read(document) -> tuple[ServerConfig, ...]:
        path = tmp_path / "mcp.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
        return read_config(path, ENVIRONMENT)

    return read


def test_a_file_as_other_programs_take_it(read):
    document = {
        "mcpServers": {
            "files": {
                "command": "npx",
                "args": ["-y", "server", "/data"],
                "env": {"KEY": "Bearer ${TOKEN}", "PLAIN": "a $5 bill"},
            },
            "wiki": {
                "type": "http",
                "url": "http://wiki:8000/mcp?key=${TOKEN}",
                "headers": {"Authorization": "Bearer ${TOKEN}"},
                "timeout": 90,
                "tools": ["search"],
                "readOnly": ["search"],
            },
            "off": {"command": "never", "disabled": True},
        }
    }
    files, wiki = read(document)
    assert (files.name, files.command, files.args) == ("files", "npx", ("-y", "server", "/data"))
    assert files.env == {"KEY": "Bearer s3cret-token", "PLAIN": "a $5 bill"}
    assert (files.timeout, files.tools) == (30, None)
    assert wiki.headers == {"Authorization": "Bearer s3cret-token"}
    assert (wiki.timeout, wiki.tools, wiki.read_only) == (90, ("search",), ("search",))


def test_a_value_may_have_a_default(read):
    [server] = read(
        {"mcpServers": {"a": {"command": "a", "args": ["${MISSING:-b}", "${EMPTY:-}"]}}}
    )
    assert server.args == ("b", "")


def test_what_is_secret_is_not_shown(read):
    url = "https://key-123456@wiki.example:8000/s/${TOKEN}/mcp?key=${TOKEN}"
    [server] = read({"mcpServers": {"a": {"url": url, "headers": {"X": "Bearer ${TOKEN}"}}}})
    assert "s3cret" not in repr(server)
    assert server.place == "https://wiki.example:8000"
    assert server.without_secrets("wrong: s3cret-token!") == "wrong: …!"


def test_no_server_is_none(read):
    assert read({"mcpServers": {}}) == ()


@pytest.mark.parametrize(
    ("server", "complaint"),
    [
        ({}, "takes either a “command” or a “url”"),
        ({"command": "a", "url": "http://b"}, "not both"),
        ("npx", 'takes an object such as {"command": "…"}'),
        ({"command": ""}, "takes a text as “command”"),
        ({"command": "a", "args": "b"}, "takes a list of texts as “args”"),
        ({"command": "a", "args": [1]}, "takes texts only in “args”"),
        ({"command": "a", "env": {"A": 1}}, "takes texts only in “env.A”"),
        ({"command": "a", "env": {"A": "${NOWHERE}"}}, "names ${NOWHERE} in “env.A”"),
        ({"command": "a", "arg": []}, "unknown key “arg” beside “command”; did you mean “args”?"),
        ({"url": "http://b", "env": {}}, "unknown key “env” beside “url”"),
        ({"url": "b:80/mcp"}, "no address of the form http://host:port/path"),
        ({"url": "http://[b/mcp"}, "no address of the form http://host:port/path"),
        ({"url": "http://b", "type": "sse"}, "has the type “sse”; here it takes http"),
        ({"url": "http://b", "headers": {"A b": "c"}}, "a header “A b” that is no header's name"),
        ({"url": "http://b", "headers": {"A": "b\nC: d"}}, "with line breaks"),
        ({"command": "a", "timeout": 0}, "takes a “timeout” in seconds, up to 300"),
        ({"command": "a", "timeout": "30s"}, "takes a “timeout” in seconds, up to 300"),
        ({"command": "a", "timeout": True}, "takes a “timeout” in seconds, up to 300"),
    ],
)
def test_what_is_wrong_with_a_server_is_one_line_that_names_it(read, server, complaint):
    with pytest.raises(SettingsError) as raised:
        read({"mcpServers": {"broken": server}})
    line = str(raised.value)
    assert re.match(r"MCP_CONFIG: \S+mcp\.json: server “broken” ", line)
    assert complaint in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("{", "is not JSON"),
        ("[]", "takes a JSON object"),
        ({}, "has no “mcpServers”"),
        ({"mcpServers": []}, "takes an object of servers by name"),
        ({"mcpServers": {"a b": {"command": "c"}}}, "cannot have that name"),
        ('{"mcpServers": {"a": {"command": "b"}, "a": {"command": "c"}}}', "has “a” twice"),
        (
            {"mcpServers": {"git": {"command": "a"}, "git_hub": {"command": "b"}}},
            "call the second one “git-hub”",
        ),
    ],
)
def test_what_is_wrong_with_the_file_is_one_line(read, document, complaint):
    with pytest.raises(SettingsError, match="MCP_CONFIG: ") as raised:
        read(document)
    assert complaint in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"nowhere\.json: cannot be read \(No such file"):
        read_config(tmp_path / "nowhere.json")


def test_the_examples_of_the_documentation_can_be_used(read):
    text = (ROOT / "docs/mcp.md").read_text("utf-8")
    examples = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    assert len(examples) >= 2
    for example in examples:
        names = re.findall(r"\$\{(\w+)\}", example)
        assert read(re.sub(r"\$\{\w+\}", "x", example)), names
