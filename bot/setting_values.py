"""What single settings take: each reads a value, or says in a `ValueError` what it wants instead.

The words follow the setting's name: "ENGINE_URL: takes …".
"""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot import sampling as samplings


def path(value: Path | None) -> Path | None:
    """A path with `~` as a shell would read it, which reads no `.env` file."""
    return value and Path(os.path.expanduser(value))


def word(value: object) -> object:
    """Read one of a few words, in any case."""
    return value.lower() if isinstance(value, str) else value


def http_url(value: str) -> str:
    """An address of the web, without a slash at its end."""
    if not value.startswith(("http://", "https://")):
        raise ValueError("takes an address that begins with http:// or https://")
    try:
        parts = urlsplit(value)
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole or any(map(str.isspace, value)):
        raise ValueError("takes an address such as http://host:8080, or https://host")
    return value.rstrip("/")


def public_url(value: str) -> str:
    """An address at which everybody reaches this bot."""
    address = urlsplit(http_url(value))
    if not address.hostname or address.query or address.fragment or "@" in address.netloc:
        raise ValueError("takes an address such as https://bot.example, without ? and #")
    return value.rstrip("/")


def key(value: SecretStr | None) -> SecretStr | None:
    """A key that a header can carry; None if there is none."""
    # Files leave blanks and line ends around it; within it, no header could be made of it.
    word = value.get_secret_value().strip() if value else ""
    if value and not re.fullmatch(r"[!-~]+", word):
        raise ValueError("takes one word of plain letters, digits and signs")
    return SecretStr(word) if value else None


def engine_url(value: str) -> str:
    """The address of an engine, without a slash at its end."""
    kinds = ("tgi+http://", "tgi+https://", "openai+http://", "openai+https://")
    if not value.startswith((*kinds, "http://", "https://")):
        raise ValueError("takes tgi+http://host:port, openai+http://host:port/v1 or http://…")
    return value.rstrip("/")


@dataclass(frozen=True, slots=True)
class NamedEngine:
    """One more engine: its name, its address, and a profile unless the engine tells its model."""

    name: str
    url: str
    model: str | None = None


def engines(value: object) -> object:
    """Read `name=address`, or `name=address|profile`, divided by commas or new lines."""
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in re.split(r"[,\n]", value) if part.strip()]
    found = tuple(_named_engine(part) for part in parts)
    if len({engine.name for engine in found}) < len(found):
        raise ValueError("gives each engine a name of its own")
    return found


def _named_engine(part: str) -> NamedEngine:
    name, _, rest = part.partition("=")
    url, _, model = rest.partition("|")
    if not re.fullmatch(r"[a-z0-9-]{1,32}", name.strip()):
        raise ValueError(
            "takes name=tgi+http://host:port, name=openai+http://host:port/v1|profile and so on; "
            "names are up to 32 of a-z, 0-9 and -"
        )
    if name.strip() == "default":
        raise ValueError("takes other names than default: that is the engine of ENGINE_URL")
    try:
        return NamedEngine(name.strip(), engine_url(url.strip()), model.strip() or None)
    except ValueError as error:
        raise ValueError(f"{name.strip()} {error}") from None


def engine_keys(value: object) -> object:
    """Read `name=key`, divided by commas or new lines; no key may have a comma in it."""
    if not isinstance(value, str):
        return value
    found: dict[str, SecretStr] = {}
    for part in filter(str.strip, re.split(r"[,\n]", value)):
        name, equals, word = (piece.strip() for piece in part.partition("="))
        if not equals or not re.fullmatch(r"[a-z0-9-]{1,32}", name) or name in found:
            raise ValueError("takes name=key, name=key and so on, each name of ENGINES once")
        if not re.fullmatch(r"[!-~]*", word):
            raise ValueError("takes keys that are one word of plain letters, digits and signs")
        found[name] = SecretStr(word)
    return found


def names(value: object) -> object:
    """Read names that are divided by commas or blanks."""
    return tuple(re.findall(r"[^,\s]+", value)) if isinstance(value, str) else value


def ids(value: object) -> object:
    """Read the ids of bots that are divided by commas or blanks."""
    return _ids_of(value, "bots") if isinstance(value, str) else value


def people(value: object) -> object:
    """Read the ids of people that are divided by commas or blanks."""
    return _ids_of(value, "people") if isinstance(value, str) else value


def _ids_of(value: str, whose: str) -> tuple[int, ...]:
    parts = re.split(r"[,\s]+", value.strip(", \n"))
    if not all(re.fullmatch(r"\d{15,20}", part) for part in parts):
        raise ValueError(f"takes ids of {whose}, divided by commas: 155149108183695360, …")
    return tuple(map(int, parts))


def shard_ids(value: object) -> object:
    """Read ids of shards, as `0-3` or `0, 2, 5`; or `4 per pod`, told apart by their host names."""
    if not isinstance(value, str):
        return value
    if each := re.fullmatch(r"([1-9]\d{0,4}) per pod", value.strip()):
        first = int(each[1]) * _ordinal(socket.gethostname())
        found = set(range(first, first + int(each[1])))
    else:
        found = set[int]()
        for part in re.findall(r"[^,\s]+", value):
            if not (ends := re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", part)):
                raise ValueError("takes ids of shards: 0-3, or 0, 2, 5; or 4 per pod")
            found |= set(range(int(ends[1]), int(ends[2] or ends[1]) + 1))
    if not found:
        raise ValueError("takes ids of shards from the lowest to the highest: 0-3")
    return tuple(sorted(found))


def _ordinal(host: str) -> int:
    """The number of a pod among the pods of its StatefulSet: what its host's name ends with."""
    if not (number := re.search(r"-(\d{1,5})$", host)):
        raise ValueError(f"takes no “per pod” here: this host is {host}, which has no number")
    return int(number[1])


def channel(value: object) -> object:
    """Read the id of a channel."""
    if isinstance(value, str) and not re.fullmatch(r"\d{15,20}", value.strip()):
        raise ValueError("takes the id of a channel: 155149108183695360")
    return int(value) if isinstance(value, str) else value


def sampling(value: object) -> object:
    """Read `temperature=0.7, top_p=0.9` and so on."""
    return samplings.read(value) if isinstance(value, str) else value


def redis_url(value: SecretStr) -> SecretStr:
    """The address of a Redis, as far as its beginning tells."""
    schemes = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")
    if not value.get_secret_value().startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise ValueError(
            "takes redis://host:port/0, rediss://…, unix://path or redis+sentinel://host/service"
        )
    return value
