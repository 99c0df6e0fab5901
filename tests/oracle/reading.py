"""A second reading of how the Amazon resolver answers: slow, obvious, and made of nothing that the program has.

It follows the text of AWS's pages step by step over plain dicts and strings, as a person with the configuration file on one
screen and the documentation on the other would.  Names are lower-case texts without a final dot, the root is "".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

NEGATIVE_TTL = 60
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
MAX_HOPS = 16
SERVICES = {"kms": "kms.us-east-1.amazonaws.com", "sqs": "sqs.us-east-1.amazonaws.com"}
SPECIAL_USE = ("10.in-addr.arpa", "ec2.internal")  # of those that questions are about
SOA = "ns-1536.awsdns-00.co.uk awsdns-hostmaster.amazon.com 1 7200 900 1209600 86400"
NS = ("ns-1536.awsdns-00.co.uk", "ns-0.awsdns-00.com", "ns-1024.awsdns-00.org", "ns-512.awsdns-00.net")

File = dict[str, Any]
Object = dict[str, Any]
Records = dict[str, dict[str, list[str]]]


class Record(NamedTuple):
    owner: str
    type: str
    text: str
    ttl: int


class Said(NamedTuple):
    """An answer: its rcode, the records of the answer section, and whose SOA stands in the authority section."""

    rcode: int
    answers: frozenset[Record] = frozenset()
    soa: str | None = None


class Claim(NamedTuple):
    name: str
    rank: tuple[int, int]
    kind: str
    what: Any


def answer(file: File, view: str, name: str, kind: str) -> Said:
    """What a client in `view` is told."""
    rules = firewall_rules(file, vpc_of(view)) if view != "internet" else []
    rule = first_rule(rules, name, kind, led_to=False)
    if rule is not None and rule["action"] == "block":
        return blocked(name, rule)
    if rule is not None and rule.get("redirection") == "trust":
        rules = []
    asked = name
    chain: set[Record] = set()
    for _ in range(MAX_HOPS):
        said, target = one_hop(file, view, name, kind)
        for each in led_to(said, name, kind):
            rule = first_rule(rules, each, kind, led_to=True)
            if rule is not None and rule["action"] == "block":
                return blocked(asked, rule)
        chain |= said.answers
        if target is None:
            return Said(said.rcode, frozenset(chain), said.soa)
        name = target
    return Said(SERVFAIL)


def one_hop(file: File, view: str, name: str, kind: str) -> tuple[Said, str | None]:
    """The answer at one name, and where a CNAME of a zone leads on from there."""
    if view == "internet":
        return public(file, name, kind)
    best = max(
        (claim for claim in claims(file, vpc_of(view)) if covers(claim.name, name)),
        key=lambda claim: (depth(claim.name), negative(claim.rank)),
        default=None,
    )
    while best is not None and best.kind == "system":
        carved = best
        best = max(
            (
                claim
                for claim in claims(file, vpc_of(view))
                if covers(claim.name, name)
                and claim.kind != "system"
                and not (claim.kind == "forward" and depth(claim.name) <= depth(carved.name))
            ),
            key=lambda claim: (depth(claim.name), negative(claim.rank)),
            default=None,
        )
    if best is None:
        return public(file, name, kind)
    if best.kind == "forward":
        return forwarded(file, best.what, name, kind), None
    if best.kind == "zone":
        return in_zone(best.name, best.what, name, kind, of_route_53=True)
    if best.kind == "compute":
        return in_compute_zone(file, vpc_of(view), best.name, name, kind), None
    return in_reverse_zone(file, vpc_of(view), best.name, name, kind), None


# Who claims what


def claims(file: File, vpc: str) -> Iterator[Claim]:
    """What a VPC has of its own, then what each Profile brings."""
    private = both_attributes(file, vpc)
    rules = [rule for rule in file["resolver_rules"] if vpc in rule["vpcs"]]
    zones = [zone for zone in file["private_zones"] if vpc in zone["vpcs"]]
    yield from claims_of(0, rules, zones, file["vpcs"][vpc]["endpoints"].values(), private=private)
    yield from autodefined(file, vpc)
    for profile in file["profiles"]:
        if vpc in profile["vpcs"]:
            rules = [rule for rule in file["resolver_rules"] if rule["name"] in profile["resolver_rules"]]
            zones = [zone for zone in file["private_zones"] if zone["id"] in profile["private_zones"]]
            places = [place.split("/") for place in profile["endpoints"]]
            endpoints = [file["vpcs"][owner]["endpoints"][handle] for owner, handle in places]
            yield from claims_of(profile["vpcs"][vpc], rules, zones, endpoints, private=private)


def claims_of(
    priority: int, rules: list[Object], zones: list[Object], endpoints: Iterable[Object], *, private: bool
) -> Iterator[Claim]:
    for rule in rules:
        yield Claim(plain(rule["domain"]), (priority, 0), rule["type"], rule)
    if private:
        for zone in zones:
            yield Claim(zone["name"], (priority, 1), "zone", records_of(zone))
        for endpoint in endpoints:
            if endpoint["private_dns"]:
                yield hidden_zone(endpoint, (priority, 1))


def autodefined(file: File, vpc: str) -> Iterator[Claim]:
    if both_attributes(file, vpc):
        yield Claim("ec2.internal", (0, 2), "compute", None)
        yield Claim("10.in-addr.arpa", (0, 2), "reverse", None)
        second = ipaddress.ip_network(file["vpcs"][vpc]["cidr"]).network_address.packed[1]
        for third in range(256):
            yield Claim(f"{third}.{second}.10.in-addr.arpa", (0, 2), "reverse", None)


def both_attributes(file: File, vpc: str) -> bool:
    return bool(file["vpcs"][vpc]["enable_dns_support"] and file["vpcs"][vpc]["enable_dns_hostnames"])


def hidden_zone(endpoint: dict[str, Any], rank: tuple[int, int]) -> Claim:
    name = SERVICES[endpoint["service"]]
    return Claim(name, rank, "zone", {name: {"A": list(endpoint["addresses"]), "ttl": ["60"]}})


def negative(rank: tuple[int, int]) -> tuple[int, int]:
    return -rank[0], -rank[1]


# What they say


def in_zone(zone: str, table: Records, name: str, kind: str, *, of_route_53: bool) -> tuple[Said, str | None]:
    """A look-up as RFC 1034 and RFC 4592 describe it."""
    if of_route_53:
        table = {**table, zone: {"SOA": [SOA], "NS": list(NS), **table.get(zone, {})}}
    exists = {parent for owner in table for parent in ancestors(owner) if covers(zone, parent)}
    owner = name
    if name not in exists:
        encloser = next(parent for parent in ancestors(name) if parent in exists or parent == zone)
        owner = f"*.{encloser}" if encloser else "*"
        if owner not in table:
            return Said(NXDOMAIN, soa=zone), None
    sets = table.get(owner, {})
    if kind in sets:
        return Said(NOERROR, records(name, kind, sets)), None
    if "CNAME" in sets:
        return Said(NOERROR, records(name, "CNAME", sets)), sets["CNAME"][0]
    return Said(NOERROR, soa=zone), None


def records(name: str, kind: str, sets: dict[str, list[str]]) -> frozenset[Record]:
    ttl = {"SOA": 900, "NS": 172_800}.get(kind) if sets.get(kind) in ([SOA], list(NS)) else None
    seconds = ttl if ttl is not None else int(sets.get("ttl", ["300"])[0])
    return frozenset(Record(name, kind, text, seconds) for text in sets[kind])


def public(file: File, name: str, kind: str) -> tuple[Said, str | None]:
    """The internet of the file: names of endpoints, single names, zones; upstream is off."""
    for vpc in file["vpcs"].values():
        for endpoint in vpc["endpoints"].values():
            own = f"{endpoint['id']}.{endpoint['service']}.us-east-1.vpce.amazonaws.com"
            if name == own:
                sets = {"A": list(endpoint["addresses"]), "ttl": ["60"]}
                return in_zone("us-east-1.vpce.amazonaws.com", {own: sets}, name, kind, of_route_53=True)
            if covers(own, name):
                return Said(NXDOMAIN, soa="us-east-1.vpce.amazonaws.com"), None
    single = file["public_records"]
    if name in single:
        said, target = in_zone(parent_of(name), {name: single[name]}, name, kind, of_route_53=False)
        return (said if said.soa is None else said._replace(soa=public_zone(file, name) or parent_of(name))), target
    zone = public_zone(file, name)
    if zone is not None:
        table = next(records_of(each) for each in file["public_zones"] if each["name"] == zone)
        return in_zone(zone, table, name, kind, of_route_53=True)
    for special in SPECIAL_USE:
        if covers(special, name):
            soa = f"{special} nobody.invalid 1 3600 1200 604800 10800"
            apex: Records = {special: {"SOA": [soa], "NS": [special], "ttl": ["10800"]}}
            return in_zone(special, apex, name, kind, of_route_53=False)
    return Said(REFUSED), None


def public_zone(file: File, name: str) -> str | None:
    covering = [zone["name"] for zone in file["public_zones"] if covers(zone["name"], name)]
    return max(covering, key=depth, default=None)


def forwarded(file: File, rule: dict[str, Any], name: str, kind: str) -> Said:
    """What the first target that can be reached says; it follows its own CNAME records."""
    for target in rule["targets"]:
        server = file["simulated_servers"][target]
        if server.get("unreachable"):
            continue
        chain: set[Record] = set()
        for _ in range(MAX_HOPS):
            said, onward = in_zone("", server["records"], name, kind, of_route_53=False)
            chain |= said.answers
            if onward is None:
                return Said(said.rcode, frozenset(chain), said.soa)
            name = onward
        return Said(SERVFAIL)
    return Said(SERVFAIL)


def in_compute_zone(file: File, vpc: str, zone: str, name: str, kind: str) -> Said:
    """ip-10-0-1-5.ec2.internal: an A record for every private address, and nothing but that."""
    said = re.fullmatch(r"ip-(\d+)-(\d+)-(\d+)-(\d+)\.ec2\.internal", name)
    if said and is_private(file, vpc, ".".join(said.groups())):
        if kind == "A":
            return Said(NOERROR, frozenset({Record(name, "A", ".".join(said.groups()), 60)}))
        return Said(NOERROR, soa=zone)
    table: Records = {"instance-data.ec2.internal": {"A": ["169.254.169.254"], "ttl": ["60"]}}
    return in_zone(zone, table, name, kind, of_route_53=True)[0]


def in_reverse_zone(file: File, vpc: str, zone: str, name: str, kind: str) -> Said:
    labels = name.removesuffix(".in-addr.arpa").split(".")
    numbers = all(re.fullmatch(r"0|[1-9]\d{0,2}", label) and int(label) < 256 for label in labels)
    if numbers and len(labels) == 4:
        address = ".".join(reversed(labels))
        if kind == "PTR" and is_private(file, vpc, address):
            return Said(NOERROR, frozenset({Record(name, "PTR", f"ip-{address.replace('.', '-')}.ec2.internal", 60)}))
        return Said(NOERROR, soa=zone)
    if name == zone:
        return in_zone(zone, {}, name, kind, of_route_53=True)[0]
    return Said(NOERROR if numbers and len(labels) < 4 else NXDOMAIN, soa=zone)


def is_private(file: File, vpc: str, text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    inside = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", file["vpcs"][vpc]["cidr"])
    return any(address in ipaddress.ip_network(each) for each in inside)


# DNS Firewall


def firewall_rules(file: File, vpc: str) -> list[Object]:
    """All rules of a VPC in the order in which they are looked at."""
    groups = [(group["vpcs"][vpc], group) for group in file["firewall_rule_groups"] if vpc in group["vpcs"]]
    ordered = sorted(groups, key=lambda each: each[0])
    return [rule for _, group in ordered for rule in sorted(group["rules"], key=lambda rule: int(rule["priority"]))]


def first_rule(rules: list[Object], name: str, kind: str, *, led_to: bool) -> Object | None:
    for rule in rules:
        if rule.get("query_type", kind) != kind or (led_to and rule.get("redirection") == "trust"):
            continue
        if any(fits(domain, name) for domain in rule["domains"]):
            return rule
    return None


def fits(domain: str, name: str) -> bool:
    if domain == "*":
        return True
    if domain.startswith("*."):
        return name != domain[2:] and covers(domain[2:], name)
    return name == domain


def blocked(name: str, rule: Object) -> Said:
    if rule["block_response"] == "override":
        override = rule["override"]
        return Said(NOERROR, frozenset({Record(name, "CNAME", override["cname"], override["ttl"])}))
    return Said(NXDOMAIN if rule["block_response"] == "nxdomain" else NOERROR)


def led_to(said: Said, name: str, kind: str) -> Iterator[str]:
    """The names that the CNAME records of an answer lead to, in their order."""
    if kind == "CNAME":
        return
    by_owner = {record.owner: record.text for record in said.answers if record.type == "CNAME"}
    for _ in range(MAX_HOPS):
        if name not in by_owner:
            return
        name = by_owner[name]
        yield name


# Names


def plain(name: str) -> str:
    return "" if name == "." else name


def depth(name: str) -> int:
    return len(name.split(".")) if name else 0


def covers(outer: str, name: str) -> bool:
    return not outer or name == outer or name.endswith(f".{outer}")


def ancestors(name: str) -> Iterator[str]:
    """The name, its parent, and so on to the root."""
    while name:
        yield name
        name = parent_of(name)
    yield ""


def parent_of(name: str) -> str:
    return name.partition(".")[2]


def vpc_of(view: str) -> str:
    return view.partition("/")[0]


def records_of(zone: Object) -> Records:
    """The records of a zone by whole names, an alias as what it stands for, of a policy's sets those that come."""
    whole: Records = {}
    for owner, sets in zone["records"].items():
        name = zone["name"] if owner == "@" else f"{owner}.{zone['name']}"
        if isinstance(sets, list):
            whole[name] = decided(sets)
        else:
            whole[name] = sets
    for name, sets in whole.items():
        if "alias" in sets:
            target = whole[str(sets["alias"])]
            whole[name] = {"A": target["A"], "ttl": target["ttl"]}
    return whole


def decided(sets: list[Object]) -> dict[str, list[str]]:
    """What health leaves of a policy's record sets; all count as healthy where none is."""
    first, second = sets
    healthy = [each for each in sets if each["health"] == "up"] or sets
    if "multivalue" in first:
        return {"A": [address for each in healthy for address in each["A"]], "ttl": ["60"]}
    if "failover" in first:
        chosen = second if first["health"] == "down" and second["health"] == "up" else first
    elif "weight" in first:  # a weight of nothing is chosen where nothing else is healthy
        chosen = first if healthy == [first] else second
    else:  # every VPC here is in us-east-1
        chosen = first if first in healthy else second
    return {"A": chosen["A"], "ttl": ["60"]}
