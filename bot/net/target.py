"""Web addresses, read strictly: one spelling for each server, or none. Pure.

Parsers disagree about odd addresses, and attackers live on that. So an address either is what a
person would write or it is refused; nothing is repaired.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from yarl import URL

from bot.net.errors import AddressRefused

PORTS = frozenset({80, 443, 8080, 8443})
LONGEST = 2048

# What stands between the slashes; no user, no percent sign, no empty port.
_SHAPE = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[^\[\]:/?#@\\%]+)(:[0-9]{1,5})?([/?#].*)?", re.I)
_UNWANTED = re.compile(r"[\x00-\x20\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\\]")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.I)
# Names that by their standards never lead to a public server (RFC 6761, 6762, 7686, 8375 …).
_LOCAL = (
    *("localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home"),
    *("lan", "arpa", "onion", "test", "invalid", "alt"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A well-formed address: what is asked for, and of whom."""

    url: URL

    @property
    def host(self) -> str:
        """The server's name or address, as it goes over the wire."""
        return self.url.raw_host or ""

    @property
    def port(self) -> int:
        """The server's port."""
        return self.url.port or 0

    @property
    def origin(self) -> str:
        """Scheme, host and port: who answers."""
        return str(self.url.origin())

    @property
    def is_address(self) -> bool:
        """Whether the host is an IP address and not a name."""
        return ":" in self.host or self.host.rpartition(".")[2].isdigit()

    def following(self, location: str) -> Target:
        """The target of a redirect from here."""
        try:
            return read(str(self.url.join(URL(location))) if _is_relative(location) else location)
        except ValueError as error:
            raise AddressRefused(detail=f"redirect to {location[:200]!r}: {error}") from None


def read(text: str, params: Mapping[str, str | int | float] | None = None) -> Target:
    """Read an address; anything but plain http and https is `AddressRefused`."""
    if len(text) > LONGEST or _UNWANTED.search(text):
        raise AddressRefused(detail="too long, or with characters that no address has")
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise AddressRefused(
            "That is not the address of a web page: it has to begin with http:// or https:// "
            "and a server's name.",
            detail=text[:200],
        )
    if unicodedata.normalize("NFKC", shape[2]) != shape[2]:
        raise AddressRefused(detail="look-alike characters in the name")
    try:
        url = URL(text).with_fragment(None)
        target = Target(url.update_query(params) if params else url)
        if not 0 < target.port < 65536:
            raise ValueError(f"port {target.port}")
        _check_host(target.host, written=shape[2].strip("[]"))
    except ValueError as error:
        raise AddressRefused(detail=f"{text[:200]!r}: {error}") from None
    return target


def check_public(target: Target, ports: frozenset[int] = PORTS) -> None:
    """Refuse what cannot be public by its name or port; where the name leads is seen later."""
    if target.port not in ports:
        raise AddressRefused(
            f"The port {target.port} is not one that web pages are read from.",
            detail=target.origin,
        )
    labels = target.host.split(".")
    if not target.is_address and (len(labels) < 2 or labels[-1] in _LOCAL):
        raise AddressRefused(not_public(target.host), detail="a local name")


def not_public(host: str) -> str:
    """One sentence for names that do not exist and names that lead inside: which is not told."""
    return f"{host} is not a server on the public internet."


def _is_relative(location: str) -> bool:
    return re.match(r"[a-z][a-z0-9+.-]*:", location, re.I) is None


def _check_host(host: str, written: str) -> None:
    """A name of the usual letters or an address in its plain spelling; else ValueError."""
    if ":" in host:
        ipaddress.IPv6Address(host)
        return
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        # Whatever ends in a number is an IPv4 address to somebody.
        if str(ipaddress.IPv4Address(host)) != written:
            raise ValueError("an odd spelling")
    elif len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("no name of a server")
