"""The endpoint services of AWS: their names, and the host names that private DNS covers, from `services.txt` beside this.

Owns the form of that file and what its words mean in a region.  Must never decide whether an endpoint has private DNS.

Measured: reading the file takes 0.8 ms, once, and pkgutil 1 ms; after that only the line of a service that somebody asks for
is taken apart, 30 µs, so that a start does not pay for the other five hundred, which are 4 ms together.

    >>> found = find_service("com.amazonaws.us-west-2.ecr.dkr", "us-east-1")
    >>> found.service.short, found.region, found.service.label
    ('ecr.dkr', 'us-west-2', 'dkr.ecr')
    >>> found.service.private_names("eu-isoe-west-1", dualstack=False)
    ('dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk', '*.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk')
"""

from __future__ import annotations

import difflib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

CONFIDENCES = ("confirmed", "likely", "inferred", "possible")  # the best first
_SOURCES = {"likely": "B", "possible": "B", "inferred": "R"}  # where the file names none

_PREFIX = "com.amazonaws.R"
_CELL = "{cell}"


class Partition(NamedTuple):
    """A partition of AWS: aws, aws-cn, aws-us-gov …, and how its host names end."""

    name: str
    suffix: str  # amazonaws.com
    dualstack_suffix: str  # api.aws


class HostName(NamedTuple):
    """A host name as the catalogue has it: `*.dkr.ecr.R.S`, where R, S and D are region, suffix and dual-stack suffix."""

    template: str
    confidence: str  # one of CONFIDENCES
    source: str  # A1+A5: the letters are explained in services.txt
    marks: frozenset[str]  # if-fips, if-dualstack, dualstack, or the partition that alone has it
    instead: str  # the partition where it takes the place of the names that have "" here

    @property
    def kinds(self) -> frozenset[str]:
        """Any of dualstack and fips; nothing is a plain IPv4 name."""
        labels = self.template.split(".")
        dualstack = "dualstack" in (*labels, *self.marks) or labels[-1] == "D" or labels[-2:] == ["api", "aws"]
        return frozenset(kind for kind, is_so in (("dualstack", dualstack), ("fips", "fips" in self.template)) if is_so)

    def is_covered(self, region: str, dualstack: bool) -> bool:
        """True where an endpoint in `region` has it among its private names, as far as is known."""
        table, partition = _table(), partition_of(region).name
        wanted = self.marks & {*table.partition_names, "if-fips", "if-dualstack"}
        given = {partition, *(["if-fips"] * (region in table.fips)), *(["if-dualstack"] * dualstack)}
        return self.confidence != "possible" and wanted <= given


class Service(NamedTuple):
    """An endpoint service, in whatever region."""

    short: str  # ecr.dkr
    types: frozenset[str]  # interface, gateway; with service_managed, the service itself makes its endpoints
    label: str  # dkr.ecr: the labels in its endpoints' DNS names
    private_dns: bool  # AWS turns private DNS on for an interface endpoint, where nothing is said
    wildcard_only: bool  # its endpoints are listed as *.vpce-…; they answer to the name without a label as well
    regions: tuple[str, ...]  # the only ones of partition aws that have it; () = no such limit
    port: int
    names: tuple[HostName, ...]
    evidence: str  # of its best known name: confirmed, likely or inferred; unknown where nobody knows of one
    prefix: str  # com.amazonaws.R
    vpce: str  # R.vpce.S

    @property
    def provides_private_dns(self) -> bool:
        """False for what AWS refuses with "does not provide a private DNS name"."""
        return any(name.confidence != "possible" for name in self.names)

    def is_offered(self, region: str) -> bool:
        """False where it is known to be missing; `regions` says nothing of other partitions."""
        return not self.regions or region in self.regions or partition_of(region).name != "aws"

    def full_name(self, region: str) -> str:
        """com.amazonaws.us-east-1.ecr.dkr, or what the partition has instead."""
        table = _table()
        root = table.roots.get((region, self.short)) if self.prefix == _PREFIX else None
        prefix = f"{root}.{region}" if root else _fill(self.prefix, region)
        return f"{prefix}.{self.short}{table.endings.get((region, self.short), '')}"

    def vpce_zone(self, region: str) -> str:
        """us-east-1.vpce.amazonaws.com: what follows the label in its endpoints' DNS names."""
        return _fill(self.vpce, region)

    def private_names(self, region: str, dualstack: bool) -> tuple[str, ...]:
        """The names that private DNS covers, with `*.x` among them; `dualstack` is the endpoint's ip_address_type."""
        partition = partition_of(region).name
        instead = partition if any(name.instead == partition for name in self.names) else ""
        names = [name for name in self.names if name.instead == instead and name.is_covered(region, dualstack)]
        return tuple(_fill(name.template, region) for name in names)


class Found(NamedTuple):
    """A service, and the region that its full name says; None where it says none."""

    service: Service
    region: str | None


def find_service(text: str, region: str) -> Found | None:
    """The service of a short name, of an alias that one service has, or of a full name; `region` is the asker's own."""
    table = _table()
    word = _without_ending(text.lower(), region)
    targets = table.aliases.get(word, ())
    short = targets[0] if len(targets) == 1 and word not in table.lines else word
    by_short = _services(short)
    return Found(by_short[0], None) if by_short else _find_full_name(short)


def _find_full_name(text: str) -> Found | None:
    labels = text.split(".")
    for at in range(1, len(labels)):
        for service in _services(".".join(labels[at:])):
            named = next(filter(is_region, labels[:at]), None)
            if ".".join(labels[:at]) in _prefixes(service, named or ""):
                return Found(service, named)
    return None


def _prefixes(service: Service, region: str) -> set[str]:
    """What may stand before the short name.  Partitions gain names of both forms, so theirs fit every service."""
    roots = set(_table().roots.values()) if region and service.prefix == _PREFIX else ()
    return {_fill(service.prefix, region), *(f"{root}.{region}" for root in roots)}


def _without_ending(text: str, region: str) -> str:
    for (where, short), ending in _table().endings.items():
        if where in (region, *text.split(".")) and f".{text}".endswith(f".{short}{ending}"):
            return text.removesuffix(ending)
    return text


def all_services() -> tuple[Service, ...]:
    """Every service, in the order of the file."""
    return tuple(service for short in _table().lines for service in _read(short))


def similar_services(text: str) -> tuple[str, ...]:
    """Short names that `text` may have meant, the likeliest first: ("ecr.api", "ecr.dkr") for ecr."""
    table, word = _table(), _last_part(text.lower())
    if word in table.aliases:
        return table.aliases[word]
    turned = _reversed(word)
    if {word, turned} & table.lines.keys():
        return (word if word in table.lines else turned,)
    kin = [short for short in table.lines if f".{word}." in f".{short}."]
    close = difflib.get_close_matches(word, [*table.lines, *table.aliases], n=3, cutoff=0.7)
    meant = [short for each in close for short in table.aliases.get(each, (each,))]
    return tuple(dict.fromkeys(kin or meant))


def service_hint(text: str) -> str:
    """The same in words: "did you mean ecr.api or ecr.dkr?"; nothing where nothing is similar."""
    if _table().aliases.get(_last_part(text.lower())) == ():
        return "there is no endpoint service of that kind"
    similar = similar_services(text)
    why = f" ({_CELL} is the one of your account)" if any(_CELL in short for short in similar) else ""
    return f"did you mean {' or '.join(similar[:6])}?{why}" if similar else ""


def _last_part(text: str) -> str:
    """The short name in a full name, by its form alone."""
    labels = text.split(".")
    at = next((at for at, label in enumerate(labels) if is_region(label)), -1)
    return ".".join(labels[at + 1 :]) if at > 0 else text.removeprefix("com.amazonaws.")


def partition_of(region: str) -> Partition:
    """The partition of a region: aws for one that has no known form, as AWS's own tools have it."""
    table = _table()
    return table.partitions.get(region.rsplit("-", 2)[0], table.partitions["us"])


def is_region(text: str) -> bool:
    """True for what has the form of a region: us-east-1, us-gov-west-1."""
    start, *rest = text.rsplit("-", 2)
    return len(rest) == 2 and rest[0].isalnum() and rest[1].isdecimal() and start in _table().partitions


def _fill(template: str, region: str) -> str:
    partition = partition_of(region)
    values = {"R": region, "S": partition.suffix, "D": partition.dualstack_suffix}
    return ".".join(values.get(label, label) for label in template.split("."))


class _Table(NamedTuple):
    """What the file says, but for the lines of services, which are taken apart when asked for."""

    lines: dict[str, list[str]]
    aliases: dict[str, tuple[str, ...]]
    partitions: dict[str, Partition]  # by how their regions begin
    partition_names: set[str]
    fips: set[str]
    roots: dict[tuple[str, str], str]  # region and short name: cn.com.amazonaws
    endings: dict[tuple[str, str], str]


@cache
def _table() -> _Table:
    table = _Table({}, {}, {}, set(), set(), {}, {})
    # Not importlib.resources, whose import and first call are 8 ms to pkgutil's 1.
    text = (pkgutil.get_data("proxy.compile", "services.txt") or b"").decode("ascii")
    for line in text.replace("\n    ", " ").split("\n"):
        word, _, rest = line.partition(" ")
        if word.startswith("@"):
            _add(table, word, rest.split())
        elif word and not word.startswith("#"):
            table.lines.setdefault(word, []).append(rest)
    return table


def _add(table: _Table, kind: str, words: list[str]) -> None:
    if kind == "@alias":
        table.aliases[words[0]] = tuple(words[1:])
    elif kind == "@partition":
        partition = Partition(*words[:3])
        table.partition_names.add(partition.name)
        table.partitions.update(dict.fromkeys(words[3:], partition))
    elif kind == "@fips":
        table.fips.update(words)
    else:  # @prefix and @append: a test reads every line
        pairs = {(region, short): words[1] for region in words[0].split(",") for short in words[2:]}
        (table.roots if kind == "@prefix" else table.endings).update(pairs)


def _services(short: str) -> tuple[Service, ...]:
    """The services of a short name: none, one, or two whose full names begin differently."""
    lines = _table().lines
    if short in lines:
        return _read(short) if _CELL not in short else ()
    for each in lines:
        start, is_template, _ = each.partition(_CELL)
        cell = short.removeprefix(start)
        if is_template and short.startswith(start) and cell.isascii() and cell.isalnum():
            return _read(each, cell)
    return ()


@cache
def _read(key: str, cell: str = _CELL) -> tuple[Service, ...]:
    short = key.replace(_CELL, cell)
    return tuple(_read_line(short, line.replace(_CELL, cell).split()) for line in _table().lines[key])


def _read_line(short: str, words: list[str]) -> Service:
    given = dict(word.split("=") for word in words if "=" in word)
    names = tuple(_read_names(words))
    types = frozenset(given.get("types", "interface").split(","))
    return Service(
        short=short,
        types=types,
        label=given.get("label", _reversed(short)),
        private_dns="private" not in given and "interface" in types,
        wildcard_only="listed" in given,
        regions=tuple(given["regions"].split(",")) if "regions" in given else (),
        port=int(given.get("port", 443)),
        names=names,
        evidence=_evidence(names, given.get("private", "")),
        prefix=given.get("prefix", _PREFIX),
        vpce=given.get("vpce", "R.vpce.S"),
    )


def _read_names(words: list[str]) -> Iterator[HostName]:
    confidence, source, instead = "", "", ""
    for word in words:
        if word.startswith("in="):
            instead = word.removeprefix("in=")
        elif "=" not in word:
            head, _, rest = word.partition(":")
            if head in CONFIDENCES:
                confidence, source = head, rest or _SOURCES.get(head, "")
                continue
            template, *marks = word.split("/")
            plain = template.removeprefix("[*.]")
            for each in dict.fromkeys((plain, template.replace("[*.]", "*."))):
                yield HostName(each, confidence, source, frozenset(marks), instead)


def _evidence(names: tuple[HostName, ...], private: str) -> str:
    if not names:  # "none" is known, from the service's page
        return "unknown" if private == "unknown" else "confirmed"
    return min((name.confidence for name in names), key=CONFIDENCES.index)


def _reversed(name: str) -> str:
    return ".".join(reversed(name.split(".")))
