"""Worlds by chance: configurations that are right, full of names that meet each other, and questions about them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.oracle.reading import SERVICES, File

ZONES = ("example.com", "corp.example.com", "a.corp.example.com", "corp", "amazonaws.com", "us-east-1.amazonaws.com",
         "b.kms.us-east-1.amazonaws.com", "1.0.10.in-addr.arpa", "internal")  # fmt: skip
DOMAINS = (*ZONES, *SERVICES.values(), ".", "com", "a.example.com", "ec2.internal", "10.in-addr.arpa")
LABELS = ("@", "www", "a", "b.a", "*", "*.a", "c.b.a", "x.*")
TARGETS = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
VPCS = ("a", "b")
VIEWS = ("a", "b", "a/in", "internet")
ASKED = ("A", "A", "A", "TXT", "CNAME", "AAAA", "PTR", "SOA", "NS")

names = st.builds(
    lambda label, zone: zone if label == "@" else f"{label}.{zone}",
    st.sampled_from((*LABELS, "nope", "y.x", "z.b.a", "al", "pol")),
    st.sampled_from([domain for domain in DOMAINS if domain != "."]),
) | st.sampled_from(["ip-10-0-1-5.ec2.internal", "ip-8-8-8-8.ec2.internal", "5.1.0.10.in-addr.arpa", "5.1.9.10.in-addr.arpa",
                     "2.10.in-addr.arpa", "x.10.in-addr.arpa", "vpce-0a-1.kms.us-east-1.vpce.amazonaws.com",
                     "vpce-0b-1.sqs.us-east-1.vpce.amazonaws.com", "x.vpce-0a-1.kms.us-east-1.vpce.amazonaws.com"])  # fmt: skip
targets = names.filter(lambda name: "*" not in name)
addresses = st.integers(1, 9).map(lambda last: f"10.0.5.{last}")


@st.composite
def record_sets(draw: st.DrawFn, *, apex: bool = False) -> dict[str, list[str]]:
    """What one name has: addresses, texts, or a CNAME alone."""
    ttl = {"ttl": [str(draw(st.sampled_from((0, 30, 300))))]}
    if not apex and draw(st.integers(0, 2)) == 0:
        return {"CNAME": [draw(targets)], **ttl}
    found: dict[str, list[str]] = {}
    if draw(st.booleans()):
        found["A"] = draw(st.lists(addresses, min_size=1, max_size=3, unique=True))
    if not found or draw(st.booleans()):
        found["TXT"] = [f'"{draw(st.sampled_from("pqr"))}"']
    return {**found, **ttl}


@st.composite
def zone_records(draw: st.DrawFn, *, private: bool = False) -> dict[str, Any]:
    """What the names of a zone have; in a private one policies and aliases too."""
    labels = draw(st.lists(st.sampled_from(LABELS), max_size=4, unique=True))
    found: dict[str, Any] = {label: draw(record_sets(apex=label == "@")) for label in labels}
    if private and draw(st.booleans()):
        found["pol"] = draw(policies())
    leads = [label for label, sets in found.items() if label != "pol" and "A" in sets and "*" not in label]
    if private and leads and draw(st.booleans()):
        found["al"] = {"alias": draw(st.sampled_from(leads))}
    return found


@st.composite
def policies(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Record sets of which health, or weights that are nothing, decide: chance has no part in it."""
    health = st.sampled_from(("up", "down"))
    kind = draw(st.sampled_from(("failover", "weight", "multivalue", "latency")))
    says: dict[str, list[Any]] = {
        "failover": ["primary", "secondary"],
        "weight": [0, 7],
        "multivalue": [True, True],
        "latency": ["us-east-1", "eu-west-1"],
    }
    return [
        {"id": f"s{place}", kind: said, "A": [f"10.0.8.{place}"], "ttl": ["60"], "health": draw(health)}
        for place, said in enumerate(says[kind])
    ]


@st.composite
def whole_records(draw: st.DrawFn) -> dict[str, dict[str, list[str]]]:
    found = draw(st.lists(names, max_size=4, unique=True))
    return {name: draw(record_sets()) for name in found if "*" not in name}


@st.composite
def private_zones(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Zones, of which no VPC has two of one name."""
    zones = []
    taken: set[tuple[str, str]] = set()
    for number, name in enumerate(draw(st.lists(st.sampled_from(ZONES), max_size=5))):
        vpcs = [vpc for vpc in draw(st.lists(st.sampled_from(VPCS), unique=True)) if (name, vpc) not in taken]
        taken |= {(name, vpc) for vpc in vpcs}
        records = draw(zone_records(private=True))
        if "al" in records:
            records["al"] = {"alias": name if records["al"]["alias"] == "@" else f"{records['al']['alias']}.{name}"}
        zones.append({"name": name, "id": f"Z{number}", "vpcs": vpcs, "records": records})
    return zones


@st.composite
def resolver_rules(draw: st.DrawFn) -> list[dict[str, Any]]:
    rules = []
    taken: set[tuple[str, str]] = set()
    for number, domain in enumerate(draw(st.lists(st.sampled_from(DOMAINS), max_size=4))):
        vpcs = [vpc for vpc in draw(st.lists(st.sampled_from(VPCS), unique=True)) if (domain, vpc) not in taken]
        taken |= {(domain, vpc) for vpc in vpcs}
        kind = draw(st.sampled_from(("forward", "forward", "system")))
        rule: dict[str, Any] = {"name": f"r{number}", "domain": domain, "type": kind, "vpcs": vpcs}
        if kind == "forward":
            rule["targets"] = draw(st.lists(st.sampled_from(TARGETS), min_size=1, max_size=2, unique=True))
        rules.append(rule)
    return rules


@st.composite
def profiles(draw: st.DrawFn, zones: list[dict[str, Any]], rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Up to two, each with zones and rules of different names."""
    found = []
    for number in range(draw(st.integers(0, 2))):
        chosen = draw(st.lists(st.sampled_from(zones), max_size=3)) if zones else []
        ruled = draw(st.lists(st.sampled_from(rules), max_size=2)) if rules else []
        found.append(
            {
                "name": f"p{number}",
                "vpcs": {vpc: 100 + 10 * draw(st.permutations((number, 9 - number)))[0] for vpc in draw(vpc_lists)},
                "private_zones": list({zone["name"]: zone["id"] for zone in chosen}.values()),
                "resolver_rules": list({rule["domain"]: rule["name"] for rule in ruled}.values()),
                "endpoints": draw(st.sampled_from(([], [], ["a/k"]))),
            }
        )
    return found


vpc_lists = st.lists(st.sampled_from(VPCS), unique=True)


@st.composite
def firewall_rules(draw: st.DrawFn, priority: int) -> dict[str, Any]:
    wild = st.sampled_from(("*", "*.example.com", "*.corp.example.com", "*.com"))
    rule: dict[str, Any] = {
        "name": f"r{priority}",
        "priority": priority,
        "domains": draw(st.lists(targets | wild, min_size=1, max_size=3, unique=True)),
        "action": draw(st.sampled_from(("allow", "alert", "block"))),
    }
    if rule["action"] == "block":
        rule["block_response"] = draw(st.sampled_from(("nodata", "nxdomain", "override")))
        if rule["block_response"] == "override":
            rule["override"] = {"cname": "sink.example.org", "ttl": 30}
    if draw(st.booleans()):
        rule["redirection"] = draw(st.sampled_from(("inspect", "trust")))
    if draw(st.integers(0, 3)) == 0:
        rule["query_type"] = draw(st.sampled_from(("A", "TXT")))
    return rule


@st.composite
def firewall_rule_groups(draw: st.DrawFn) -> list[dict[str, Any]]:
    return [
        {
            "name": f"g{number}",
            "vpcs": dict.fromkeys(draw(vpc_lists), 101 + number),
            "rules": [
                draw(firewall_rules(priority)) for priority in draw(st.permutations(range(1, draw(st.integers(1, 4)))))
            ],
        }
        for number in range(draw(st.sampled_from((0, 0, 1, 2))))
    ]


@st.composite
def files(draw: st.DrawFn) -> File:
    """A whole configuration."""
    zones, rules = draw(private_zones()), draw(resolver_rules())
    endpoints = {
        "a": {"k": {"service": "kms", "id": "vpce-0a-1", "addresses": ["10.0.1.50", "10.0.2.50"],
                    "private_dns": draw(st.booleans())}},
        "b": {"q": {"service": "sqs", "id": "vpce-0b-1", "addresses": ["10.9.1.50"], "private_dns": draw(st.booleans())}},
    }  # fmt: skip
    has_queues = draw(st.booleans())
    hostnames = {vpc: draw(st.sampled_from((True, True, True, False))) for vpc in VPCS}
    vpcs: dict[str, Any] = {
        vpc: {
            "cidr": cidr,
            "enable_dns_support": True,
            "enable_dns_hostnames": hostnames[vpc],
            "endpoints": {
                handle: {**endpoint, "private_dns": endpoint["private_dns"] and hostnames[vpc]}
                for handle, endpoint in endpoints[vpc].items()
                if vpc == "a" or has_queues
            },
        }
        for vpc, cidr in (("a", "10.0.0.0/16"), ("b", "10.9.0.0/16"))
    }
    vpcs["a"]["inbound_endpoints"] = {"in": {}}
    public = draw(st.lists(st.sampled_from(ZONES), max_size=2, unique=True))
    return {
        "upstream": {"mode": "off"},
        "vpcs": vpcs,
        "private_zones": zones,
        "resolver_rules": rules,
        "profiles": draw(profiles(zones, rules)),
        "firewall_rule_groups": draw(firewall_rule_groups()),
        "public_records": draw(whole_records()),
        "public_zones": [{"name": name, "records": draw(zone_records())} for name in public],
        "simulated_servers": {
            "192.0.2.1": {"records": draw(whole_records())},
            "192.0.2.2": {"records": draw(whole_records())},
            "192.0.2.3": {"unreachable": True},
        },
    }


@st.composite
def questions(draw: st.DrawFn, file: File) -> tuple[str, str, str]:
    """A view, a name that stands somewhere in the file or near it, and a type."""
    known: list[str] = [
        *(name for zone in file["private_zones"] for name in zone_names(zone)),
        *(name for zone in file["public_zones"] for name in zone_names(zone)),
        *file["public_records"],
        *(name for server in file["simulated_servers"].values() for name in server.get("records", ())),
    ]
    near = draw(st.booleans())
    name = draw(st.sampled_from(known) if known and near else names)
    return draw(st.sampled_from(VIEWS)), name.replace("*", draw(st.sampled_from(("q", "p.q")))), draw(st.sampled_from(ASKED))


def zone_names(zone: dict[str, Any]) -> list[str]:
    return [zone["name"] if label == "@" else f"{label}.{zone['name']}" for label in zone["records"]]
