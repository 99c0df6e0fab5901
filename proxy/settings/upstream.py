"""Where everything else is asked for, and how replies are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from proxy.dns.names import Name
from proxy.model.answers import ServerAddress
from proxy.nouns import dataclass
from proxy.settings.composites import Key, MapOf, OneOrList
from proxy.settings.problems import Path
from proxy.settings.query_log import SIZE
from proxy.settings.sockets import SERVER
from proxy.settings.takes import Choice, Flag, Integer, Text, Wrong
from proxy.settings.values import MAX_TTL, NAME, duration

_CACHE_TIME = duration(0, MAX_TTL)
_FILE = Text("a file's path", "answers.yaml")
_MODES = ("live", "off", "record", "replay")


@dataclass(frozen=True, slots=True)
class UpstreamSetting:
    """`upstream`.  `timeout` in seconds.  `system` stands for the machine's own resolvers."""

    servers: Annotated[
        tuple[ServerAddress | Literal["system"], ...],
        Key(
            OneOrList(SERVER),
            "The servers to ask: system for the machine's own, 1.1.1.1, 1.1.1.1:53, tcp://1.1.1.1, tls://1.1.1.1#NAME (its "
            "certificate has that name; without one, the address), https://NAME/PATH, which needs `vpcdns[https]` (behind a # "
            "its address; without one, the machine's resolvers are asked).",
        ),
    ] = ("system",)
    domains: Annotated[
        Mapping[Name, tuple[ServerAddress | Literal["system"], ...]],
        Key(
            MapOf(NAME, OneOrList(SERVER)),
            "Servers for single domains and all below them, instead of `servers`; special-use names of RFC 6761 and others "
            "go to no others.",
        ),
    ] = field(default_factory=dict)
    strategy: Annotated[
        Literal["failover", "fastest", "random"],
        Key(
            Choice(("failover", "fastest", "random")),
            "failover: the next server when one fails, in order.  fastest: the one that replied quickest of late.  random: any.",
        ),
    ] = "failover"
    timeout: Annotated[float, Key(duration(0.001, 60), "How long all servers together may take.")] = 2.0
    mode: Annotated[
        Literal["live", "off", "record", "replay"],
        Key(
            Choice(_MODES),
            "off: ask nobody, refuse what this file lacks.  record: ask, and write into `cassette` what was replied.  "
            "replay: ask nobody, answer from `cassette`, refuse what it lacks.",
        ),
    ] = "live"
    cassette: Annotated[
        str | None,
        Key(
            _FILE,
            "The YAML file of `record` and `replay`; a relative path begins where vpcdns was started.",
            default="none",
        ),
    ] = None
    rebind_protection: Annotated[
        bool, Key(Flag(), "Whether private addresses are dropped from replies of `servers` (not from those of `domains`).")
    ] = False
    rebind_allowed: Annotated[
        tuple[Name, ...], Key(OneOrList(NAME), "Domains whose names may lead to private addresses all the same.")
    ] = ()


@dataclass(frozen=True, slots=True)
class CacheSetting:
    """`cache`: all times in seconds, `size` in octets."""

    entries: Annotated[int, Key(Integer(0, 10_000_000), "How many replies of upstream servers are kept; 0: none.")] = 10_000
    min_ttl: Annotated[float, Key(_CACHE_TIME, "The shortest time that a reply is kept.")] = 0.0
    max_ttl: Annotated[float, Key(_CACHE_TIME, "The longest time that a reply is kept.")] = 86_400.0
    negative_max_ttl: Annotated[float, Key(_CACHE_TIME, "The same for replies that say that there is nothing.")] = 900.0
    size: Annotated[int, Key(SIZE, "How much memory they may take, about; 0: any.")] = 64_000_000
    serve_stale: Annotated[
        float, Key(_CACHE_TIME, "For how long a reply that has expired is still given where no server answers; 0s: never.")
    ] = 86_400.0
    prefetch: Annotated[
        bool, Key(Flag(), "Whether a reply that is asked for often is fetched anew shortly before it expires.")
    ] = True
    file: Annotated[
        str | None,
        Key(
            _FILE,
            "A file in which replies outlive a restart; a relative path begins where vpcdns was started.",
            default="none",
        ),
    ] = None


def settle_upstream(upstream: UpstreamSetting, _: Path) -> UpstreamSetting:
    """What goes together; raises Wrong."""
    if upstream.mode in ("record", "replay") and not upstream.cassette:
        raise Wrong(f"mode {upstream.mode} needs a cassette", "write for example cassette: answers.yaml", ("mode",))
    return upstream
