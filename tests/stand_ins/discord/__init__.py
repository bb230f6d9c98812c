"""A Discord that tests can hold in their hands: REST, gateway and CDN on a loopback port."""

from .faults import Fault
from .interactions import Invocation
from .limits import DISCORD_LIMITS, Limit, RateLimits
from .rest import Call
from .server import DiscordStandIn
from .world import Revision, Trail, World

__all__ = [
    "DISCORD_LIMITS",
    "Call",
    "DiscordStandIn",
    "Fault",
    "Invocation",
    "Limit",
    "RateLimits",
    "Revision",
    "Trail",
    "World",
]
