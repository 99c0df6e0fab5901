"""`vpcdns explain`: a resolution told step by step."""

from __future__ import annotations

import asyncio
import json
import typing
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.dns.names import Name
from proxy.model.claims import Claim, ClaimKind
from proxy.model.steps import ClaimsWeighed, Step
from proxy.settings.routing import POLICIES
from proxy.telling import rules
from proxy.telling.passage import Setting
from proxy.telling.passages import passage_of
from tests.cli.programs import vpcdns
from tests.upstream.servers import says, serve
from tests.worlds import ask, reply, world_of

WORLD = """\
upstream: {mode: off}
region: us-east-1
vpcs:
  app:
    id: vpc-0app
    cidr: 10.0.0.0/16
    endpoints:
      keys: {service: kms, id: vpce-0keys-k, addresses: 10.0.1.50}
    inbound_endpoints: {onprem: {}}
  mute: {cidr: 10.2.0.0/16, enable_dns_support: false}
default_view: app
private_zones:
  - name: corp.example
    id: Z0CORP
    vpcs: [app]
    records: {www: 10.0.5.1, legacy.data: 10.0.5.2, keys: {CNAME: kms.us-east-1.amazonaws.com}}
  - {name: data.corp.example, id: Z0DATA, vpcs: [app], records: {db: 10.0.6.1, "*.any": 10.0.6.2}}
  - name: shop.example
    vpcs: [app]
    records:
      www: [{id: a, alias: app/keys, weight: 1}, {id: b, A: 10.0.5.3, weight: 0, health: up}]
      far: [{id: eu, A: 10.0.5.4, geolocation: {continent: EU}, health: down}]
  - {name: hr.example, id: Z0HR, vpcs: [app], records: {eu: {NS: ns.site.corp.example}, na: {NS: ns.nobody.example}, MANY}}
resolver_rules:
  - {domain: site.corp.example, type: delegate, vpcs: [app]}
  - {domain: site.corp.example, targets: [192.168.9.8, 192.168.9.9], vpcs: [app]}
  - {domain: live.example, targets: ["192.168.9.7:5353"], vpcs: [app]}
simulated_servers:
  192.168.9.8: {unreachable: true}
  192.168.9.9:
    records: {ns.site.corp.example: 192.168.9.9, www.eu.hr.example: 192.168.7.2, h.site.corp.example: 192.168.7.1}
public_records: {www.corp.example: 203.0.113.5, loop.example: {CNAME: loop.example}}
""".replace("MANY", "all: [{id: a, A: 10.0.5.5, multivalue: true}, {id: b, A: 10.0.5.6, multivalue: true}]")


FIREWALL = """firewall_rule_groups:
  - name: guard
    vpcs: {app: 101}
    rules:
      - {name: bad, priority: 10, domains: bad.example, action: block}
      - {name: watched, priority: 20, domains: www.corp.example, action: alert, redirection: trust}
"""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "world.yaml"
    path.write_text(WORLD)
    return path


def explained(world: Path, *arguments: str) -> tuple[int, str]:
    """The status, and what was told as one line of words, so that it does not matter where lines break."""
    ran = vpcdns("-c", world, "explain", *arguments)
    return ran.status, " ".join(ran.out.split())


def test_a_story_from_the_view_to_the_answer(world: Path) -> None:
    ran = vpcdns("-c", world, "explain", "legacy.data.corp.example")
    assert ran.status == 1
    assert (
        ran.out
        == """\
legacy.data.corp.example A

1  In view app (the default view)
   VPC app (vpc-0app, us-east-1): answered as its Resolver would, the one at 169.254.169.253 and at
   the VPC's first address plus two.
   AWS: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-DSN-queries-to-vpc.html

2  Who decides about legacy.data.corp.example?
   > data.corp.example
       private zone, world.yaml:17, wins: the longest name
     corp.example
       private zone, world.yaml:13, less specific; its records of this name stay unseen
     .
       internet, less specific
   The most specific name wins, whatever kind of claim it is.
   The Resolver searches the private hosted zone with the most specific name, and that zone alone:
   what it lacks does not exist, whatever a less specific zone or public DNS has.
   AWS: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html

3  legacy.data.corp.example does not exist
   Source: private zone data.corp.example (Z0DATA).
   Once a private hosted zone has matched, the Resolver tries neither a less specific zone nor
   public DNS: the answer is NXDOMAIN, even for a name that exists on the internet.

=  NXDOMAIN, the name does not exist
   data.corp.example.  60  SOA  ns-1536.awsdns-00.co.uk. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400
   because: private zone data.corp.example (Z0DATA)
"""
    )


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (
            ["keys.corp.example"],
            0,
            [
                "3 keys.corp.example is a CNAME for kms.us-east-1.amazonaws.com",
                "from inside the same VPC",
                "4 Who decides about kms.us-east-1.amazonaws.com?",
                "> kms.us-east-1.amazonaws.com endpoint's private name world.yaml:8 wins: the longest name",
                "a hidden private hosted zone of the service's name",
                "Source: endpoint app/keys (vpce-0keys-k).",
                "= NOERROR keys.corp.example. 300 CNAME kms.us-east-1.amazonaws.com. kms.us-east-1.amazonaws.com. 60 A 10.0.1.50",
            ],
        ),
        (
            ["www.shop.example"],
            0,
            [
                "3 Of 2 record sets of www.shop.example A, this is taken",
                "a: the weights of all.",
                "a (weight 1): healthy, no health check.",
                "b (weight 0): healthy, health: up.",
                "as often as its weight is of the sum",
                "4 www.shop.example is an alias of type A: endpoint app/keys",
                "no CNAME is visible",
                "5 www.shop.example has an answer of type A",
            ],
        ),
        (
            ["far.shop.example"],
            1,
            [
                "Of 1 record set of far.shop.example A, none is taken",
                "no place has us-east-1 in it, and there is no default.",
                "eu (continent EU): not healthy, health: down.",
            ],
        ),
        (["all.hr.example"], 0, ["Of 2 record sets of all.hr.example A, these are taken a, b: all."]),
        (["deep.down.any.data.corp.example"], 0, ["by the wildcard *.any.data.corp.example", "DomainNameFormat"]),
        (["www.corp.example", "AAAA"], 1, ["has no answer of type AAAA", "NODATA", "Nothing else is tried"]),
        (["other.kms.us-east-1.amazonaws.com"], 1, ["The endpoint's hidden zone covers every name below the service's"]),
        (
            ["www.corp.example", "--view", "internet"],
            0,
            [
                "This is the internet",
                "> . internet decides: nothing else covers the name",
                "exist inside their VPCs alone",
                "The file says what public DNS has of this name",
            ],
        ),
        (
            ["vpce-0keys-k.kms.us-east-1.vpce.amazonaws.com", "--view", "internet"],
            0,
            ["An endpoint's own DNS names are public: anybody gets its private addresses"],
        ),
        (["www.corp.example", "--view", "app/onprem"], 0, ["by this inbound endpoint is resolved as if", "inside VPC app"]),
        (["www.corp.example", "--client", "10.0.1.9"], 0, ["1 In view app (client 10.0.1.9 in 10.0.0.0/16)"]),
        (
            ["h.site.corp.example"],
            0,
            [
                "> site.corp.example forwarding rule world.yaml:26 wins: the longest name",
                "3 h.site.corp.example is forwarded to 192.168.9.8:53, 192.168.9.9:53 AWS takes the targets in any order",
                "The first target that can be reached is a simulated server",
                "using-rules.html",
                "because: simulated server 192.168.9.9",
            ],
        ),
        (
            ["h.live.example"],
            0,
            [
                "4 The network would be asked for h.live.example A: 192.168.9.7:5353 So far without",
                "= not asked because: rule live",
            ],
        ),
        (
            ["www.eu.hr.example"],
            0,
            [
                "> eu.hr.example delegation world.yaml:23 wins: the longest name",
                "3 NS records hand eu.hr.example over to ns.site.corp.example A delegation rule covers ns.site.corp.example.",
                "outbound-delegation-tutorial",
                "4 Where is the name server ns.site.corp.example?",
                "8 www.eu.hr.example is asked of the name servers at 192.168.9.9:53",
                "because: simulated server 192.168.9.9",
            ],
        ),
        (
            ["www.na.hr.example"],
            1,
            ["over to ns.nobody.example No delegation rule of this VPC", "delegation_without_rule", "NODATA"],
        ),
        (
            ["elsewhere.example"],
            4,
            ["Nothing in this VPC claims the name", "upstream is off", "name upstream servers", "= REFUSED"],
        ),
        (["loop.example"], 4, ["A chain that long is most often a loop", "= SERVFAIL"]),
        (["vpcdns.test", "TXT"], 0, ["vpcdns answers for this name itself"]),
        (
            ["www.corp.example", "--view", "mute"],
            4,
            ["enable_dns_support: false", "clients wait until they give up", "vpc-dns.html"],
        ),
        (["www.corp.example", "--client", "192.0.2.1"], 4, ["not in allow_clients, so it is refused", "= REFUSED"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and len(value) < 4 else None,
)
def test_what_is_told(world: Path, arguments: list[str], status: int, told: list[str]) -> None:
    left, text = explained(world, *arguments)
    assert left == status
    assert [words for words in told if words not in text] == []


def test_each_page_is_named_once(world: Path) -> None:
    _, text = explained(world, "legacy.data.corp.example")
    assert text.count("hosted-zone-private-considerations") == 1


async def test_dry_says_what_would_be_asked_and_live_asks(tmp_path: Path) -> None:
    path = tmp_path / "live.yaml"
    async with serve(says("www.elsewhere.example. 60 A 198.51.100.7")) as server:
        path.write_text(f'upstream: {{servers: ["127.0.0.1:{server.port}"]}}\nvpcs: {{app: {{}}}}')
        dry = await asyncio.to_thread(explained, path, "www.elsewhere.example")
        assert server.over_udp == []
        live = await asyncio.to_thread(explained, path, "www.elsewhere.example", "--live")
    where = f"127.0.0.1:{server.port}"
    assert dry[0] == live[0] == 0
    assert f"3 Upstream would be asked for www.elsewhere.example A: {where}" in dry[1]
    assert f"= not asked because: upstream {where}" in dry[1]
    assert f"3 Upstream is asked for www.elsewhere.example A: {where} 4 The reply is NOERROR with 1 record" in live[1]
    assert "= NOERROR www.elsewhere.example. 60 A 198.51.100.7" in live[1]


def test_json_has_every_step_with_its_kind_words_and_page(world: Path) -> None:
    told = json.loads(vpcdns("-c", world, "explain", "keys.corp.example", "--json").out)
    assert [step["step"] for step in told["steps"]] == [
        "place", "claims_weighed", "cname_followed", "claims_weighed", "records_found",
    ]  # fmt: skip
    assert told["steps"][1]["claims"][0] == {
        "name": "corp.example", "kind": "private zone", "place": "world.yaml:13", "fate": "wins: the longest name",
        "origin": "private_zones[0]",
    }  # fmt: skip
    assert told["steps"][2]["target"] == "kms.us-east-1.amazonaws.com"
    assert (told["outcome"], told["view"], told["reason"]["kind"]) == ("answer", "app", "endpoint")
    assert [record["ttl"] for record in told["answers"]] == [300, 60]


def test_json_of_what_was_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "live.yaml"
    path.write_text("upstream: {servers: [192.0.2.53]}")
    ran = vpcdns("-c", path, "explain", "www.elsewhere.example", "--json")
    told = json.loads(ran.out)
    assert (ran.status, told["rcode"], told["outcome"]) == (0, None, "unasked")
    assert told["steps"][-1]["servers"] == ["192.0.2.53:53"]
    assert told["steps"][-1]["asked"] is False


def test_a_wrong_usage_is_told_with_a_hint(world: Path) -> None:
    ran = vpcdns("-c", world, "explain", "www.corp.example", "--view", "apps")
    assert (ran.status, ran.out) == (2, "")
    assert "there is no view apps (did you mean app?)" in ran.err


def test_what_the_firewall_does_is_told_first(world: Path) -> None:
    world.write_text(WORLD + FIREWALL)
    line = WORLD.count("\n") + 5
    status, told = explained(world, "bad.example")
    assert status == 1
    assert f"2 The firewall's rule guard/bad blocks bad.example (world.yaml:{line}) DNS Firewall looks at a VPC" in told
    assert "Source: firewall rule guard/bad." in told
    assert "because: firewall rule guard/bad" in told
    status, told = explained(world, "www.corp.example")
    assert status == 0
    assert f"The firewall's rule guard/watched alerts to www.corp.example (world.yaml:{line + 1})" in told
    assert "the names that a CNAME leads to from here are not looked at" in told
    status, told = explained(world, "keys.corp.example")
    assert "2 The firewall lets keys.corp.example pass None of the VPC's firewall rules" in told
    assert "5 The firewall lets kms.us-east-1.amazonaws.com pass" in told
    world.write_text(WORLD + FIREWALL + "firewall_unavailable: [app]\n")
    status, told = explained(world, "www.corp.example")
    assert status == 4
    assert "because: the firewall cannot decide (firewall_unavailable)" in told


# Rules and words


def test_every_policy_has_its_rule() -> None:
    assert rules.POLICY_RULES.keys() == set(POLICIES)


def test_every_kind_of_claim_has_its_rule() -> None:
    assert rules.CLAIM_RULES.keys() == set(ClaimKind)


def test_every_kind_of_step_is_met_here() -> None:
    """Words are made for each; a kind that this world never leads to would go untested."""
    world = world_of(WORLD.replace("{mode: off}", "{servers: [192.0.2.53]}"))
    closed = world_of(WORLD)
    queries = ["www.corp.example", "www.corp.example AAAA", "nope.corp.example", "keys.corp.example", "out.example"]
    queries += ["h.site.corp.example", "ip-10-0-1-5.ec2.internal", "www.eu.hr.example", "www.shop.example"]
    steps: list[Step] = []
    for query in queries:
        ask(world, "app", query, lambda asked: reply(), steps.append)
    ask(closed, "app", "out.example", trace=steps.append)
    ask(world_of(WORLD + FIREWALL), "app", "bad.example", trace=steps.append)
    subnets = "    subnets: {six: {cidr: 10.0.1.0/24, az: us-east-1a, dns64: true}}\n    endpoints:"
    dns64 = world_of(WORLD.replace("    endpoints:", subnets, 1)).dns64["app"].view
    for query in ("www.corp.example AAAA", "corp.example AAAA"):
        ask(world, dns64, query, trace=steps.append)
    assert {type(step) for step in steps} == set(typing.get_args(Step))
    setting = Setting(world.views["app"], live=True, place=str)
    assert all(passage_of(step, setting).title for step in steps)


def test_of_equal_names_the_kind_decides_and_that_is_told() -> None:
    world = world_of("""
        region: us-east-1
        upstream: {mode: off}
        vpcs: {app: {endpoints: {s3: {service: s3, type: gateway, dns_record_ip_type: ipv4}}}}
        public_zones: [{name: s3.us-east-1.amazonaws.com, records: {"@": {AAAA: "2001:db8::1"}}}]
        """)
    steps: list[Step] = []
    ask(world, "app", "s3.us-east-1.amazonaws.com AAAA", trace=steps.append)
    first, second = (passage_of(step, Setting(world.views["app"], live=False, place=str)) for step in steps)
    assert first.contenders[0].kind == "gateway endpoint's record types"
    assert first.contenders[1].fate == "less specific; its records of this name stay unseen"
    assert any("A gateway endpoint has no addresses" in sentence for sentence in first.prose)
    assert "gateway endpoint app/s3" in second.prose[0]


A, B = Name.from_text("example.com"), Name.from_text("com")
ZONE = world_of("vpcs: {app: {}}\nprivate_zones: [{name: example.com, vpcs: [app]}]").views["app"].claims[A].action
ZONE_CLAIM = Claim(A, ClaimKind.PRIVATE_ZONE, "private_zones[0]", ZONE)


@pytest.mark.parametrize(
    ("winner", "rival", "why"),
    [
        (replace(ZONE_CLAIM, kind=ClaimKind.FORWARD_RULE), ZONE_CLAIM, "wins: forwarding rule before private zone"),
        (ZONE_CLAIM, replace(ZONE_CLAIM, profile=100), "wins: what the VPC has itself before what a Profile brings"),
        (
            replace(ZONE_CLAIM, profile=100),
            replace(ZONE_CLAIM, profile=200),
            "wins: the Profile of priority 100 before that of 200",
        ),
        (
            replace(ZONE_CLAIM, profile=100),
            replace(ZONE_CLAIM, kind=ClaimKind.INTERNET),
            "wins: private zone before internet",
        ),
        (ZONE_CLAIM, replace(ZONE_CLAIM, name=B, kind=ClaimKind.FORWARD_RULE), "wins: the longest name"),
    ],
)
def test_why_a_claim_wins(winner: Claim, rival: Claim, why: str) -> None:
    setting = Setting(world_of("vpcs: {app: {}}").views["app"], live=False, place=str)
    passage = passage_of(ClaimsWeighed(Name.from_text("www.example.com"), (winner, rival)), setting)
    assert passage.contenders[0].fate == why
    assert passage.prose[-1] == rules.CLAIM_RULES[winner.kind]
