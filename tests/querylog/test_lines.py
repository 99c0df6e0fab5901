"""The forms of a line: what stands in it, field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.dns.codes import TYPE_NUMBERS
from proxy.dns.names import Name
from proxy.dns.text import pack_rdata
from proxy.model.answers import Reason, ReasonKind
from proxy.model.world import World
from proxy.querylog.lines import dotted_text, json_line, route53_line, text_line
from tests.querylog.outcomes import outcome_of
from tests.worlds import world_of

MOMENT = 1612461115.5  # 2021-02-04T17:51:55.5Z

WORLD = """
    region: us-east-1
    upstream: {mode: off}
    allow_clients: [loopback, vpcs, "2001:db8::/32"]
    vpcs:
      a: {id: vpc-0a, account: "111122223333", cidr: 10.0.0.0/16, inbound_endpoints: {onprem: {}},
          instances: {web: {ip: 10.0.1.9, id: i-0abc0abc0abc0abc0}}}
    private_zones:
      - name: example.com
        vpcs: [a]
        records:
          www: {A: 10.0.5.10, ttl: 300}
          api: {CNAME: WWW.example.com, ttl: 120}
          mail: {MX: [10 mx.example.com], TXT: "it's \\"so\\""}
    firewall_rule_groups:
      - name: guard
        vpcs: {a: 101}
        rules:
          - {name: bad, priority: 10, domains: bad.example.net, action: block, block_response: nxdomain}
          - {name: watch, priority: 20, domains: w.net, action: alert}
          - {name: fine, priority: 30, domains: ok.net, action: allow}
    public_records: {w.net: 203.0.113.77, ok.net: 203.0.113.78}
    """


@pytest.fixture(scope="module")
def world() -> World:
    return world_of(WORLD)


def route53(world: World, query: str, client: str = "10.0.1.5", view: str | None = None) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(route53_line(MOMENT, outcome_of(world, query, client, view=view)))
    return line


def test_a_line_of_route_53_field_by_field(world: World) -> None:
    assert route53(world, "www.example.com A") == {
        "version": "1.100000",
        "account_id": "111122223333",
        "region": "us-east-1",
        "vpc_id": "vpc-0a",
        "query_timestamp": "2021-02-04T17:51:55Z",
        "query_name": "www.example.com.",
        "query_type": "A",
        "query_class": "IN",
        "rcode": "NOERROR",
        "answers": [{"Rdata": "10.0.5.10", "Type": "A", "Class": "IN"}],
        "srcaddr": "10.0.1.5",
        "srcport": "40000",
        "transport": "UDP",
        "srcids": {},
    }


def test_route_53_says_transport_and_letter_case(world: World) -> None:
    line = json.loads(route53_line(MOMENT, outcome_of(world, "WWW.Example.com A", tcp=True)))
    assert (line["transport"], line["query_name"]) == ("TCP", "WWW.Example.com.")


def test_a_name_that_does_not_exist_has_no_answers(world: World) -> None:
    line = route53(world, "only-public.example.com A")
    assert (line["rcode"], line["answers"]) == ("NXDOMAIN", [])


def test_a_chain_has_every_record_and_names_have_their_dots(world: World) -> None:
    assert route53(world, "api.example.com")["answers"] == [
        {"Rdata": "WWW.example.com.", "Type": "CNAME", "Class": "IN"},
        {"Rdata": "10.0.5.10", "Type": "A", "Class": "IN"},
    ]
    assert route53(world, "mail.example.com MX")["answers"][0]["Rdata"] == "10 mx.example.com."
    assert route53(world, ". NS")["query_name"] == "."


def test_who_comes_by_an_inbound_endpoint_is_told_by_its_id(world: World) -> None:
    ids = route53(world, "www.example.com", view="a/onprem")["srcids"]
    assert list(ids) == ["resolver_endpoint"]
    assert ids["resolver_endpoint"].startswith("rslvr-in-")


def test_an_instance_is_told_by_its_id(world: World) -> None:
    outcome = outcome_of(world, "www.example.com", "10.0.1.9")
    assert json.loads(route53_line(MOMENT, outcome))["srcids"] == {"instance": "i-0abc0abc0abc0abc0"}
    assert json.loads(json_line(MOMENT, outcome))["instance"] == "i-0abc0abc0abc0abc0"


@pytest.mark.parametrize(("query", "action"), [("w.net", "ALERT"), ("bad.example.net", "BLOCK")])
def test_the_firewall_stands_in_the_line_where_it_alerts_or_blocks(world: World, query: str, action: str) -> None:
    line = route53(world, query)
    assert line["firewall_rule_action"] == action
    assert line["firewall_rule_group_id"].startswith("rslvr-frg-")
    assert line["firewall_domain_list_id"].startswith("rslvr-fdl-")


def test_what_it_allows_is_logged_without_it(world: World) -> None:
    line = route53(world, "ok.net")
    assert [key for key in line if key.startswith("firewall_")] == []
    assert line["answers"][0]["Rdata"] == "203.0.113.78"


@pytest.mark.parametrize(("qclass", "word"), [("CH", "CH"), ("ANY", "ANY"), ("CLASS77", "CLASS77")])
def test_other_classes(world: World, qclass: str, word: str) -> None:
    number = {"CH": 3, "ANY": 255}.get(qclass, 77)
    outcome = outcome_of(world, "www.example.com")
    line = json.loads(route53_line(MOMENT, outcome._replace(query=outcome.query._replace(qclass=number))))
    assert line["query_class"] == word


def test_route_53_has_no_lines_of_the_internet(world: World) -> None:
    with pytest.raises(ValueError, match="in a VPC alone"):
        route53_line(MOMENT, outcome_of(world, "www.example.net", view="internet"))


@pytest.mark.parametrize(
    ("kind", "text", "dotted"),
    [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("AAAA", "2001:db8::1", "2001:db8::1"),
        ("CNAME", "www.example.com", "www.example.com."),
        ("PTR", "www.example.com", "www.example.com."),
        ("NS", ".", "."),
        ("MX", "10 mail.example.com", "10 mail.example.com."),
        ("SRV", "10 60 5060 sip.example.com", "10 60 5060 sip.example.com."),
        ("SOA", "ns.example.com mail.example.com 1 2 3 4 5", "ns.example.com. mail.example.com. 1 2 3 4 5"),
        ("TXT", '"v=spf1 -all" "b"', '"v=spf1 -all" "b"'),
        ("CAA", '0 issue "ca.example.net"', '0 issue "ca.example.net"'),
        ("NAPTR", '100 10 "U" "SIP+D2U" "" _sip._udp.example.com', '100 10 "U" "SIP+D2U" "" _sip._udp.example.com.'),
        ("HTTPS", "1 svc.example.com alpn=h2", '1 svc.example.com. alpn="h2"'),
        ("TYPE65280", r"\# 2 abcd", r"\# 2 abcd"),
    ],
)
def test_record_data_as_text(kind: str, text: str, dotted: str) -> None:
    number = TYPE_NUMBERS.get(kind, 65280)
    assert dotted_text(number, pack_rdata(number, text)).replace("alpn=h2", 'alpn="h2"') == dotted


def test_record_data_that_is_no_name() -> None:
    assert dotted_text(TYPE_NUMBERS["CNAME"], b"\x05") == r"\# 1 05"


def test_a_line_of_text(world: World) -> None:
    assert text_line(MOMENT, outcome_of(world, "api.example.com")) == (
        "2021-02-04T17:51:55.500Z a 10.0.1.5:40000 UDP api.example.com. A NOERROR WWW.example.com, 10.0.5.10 "
        f"({outcome_of(world, 'api.example.com').answer.reason.text}) 1.5ms"
    )
    assert text_line(MOMENT, outcome_of(world, "bad.example.net", "2001:db8::5", tcp=True, view="a")) == (
        "2021-02-04T17:51:55.500Z a [2001:db8::5]:40000 TCP bad.example.net. A NXDOMAIN - (firewall rule guard/bad) "
        "BLOCK by guard/bad 1.5ms"
    )


def test_a_line_of_text_stays_a_line(world: World) -> None:
    outcome = outcome_of(world, "www.example.com")
    reason = Reason(ReasonKind.UPSTREAM, "one\ntwo\x1b[31m")
    assert "(one?two?[31m)" in text_line(MOMENT, outcome._replace(answer=outcome.answer._replace(reason=reason)))


def test_a_line_of_json(world: World) -> None:
    outcome = outcome_of(world, "w.net")
    assert json.loads(json_line(MOMENT, outcome)) == {
        "time": "2021-02-04T17:51:55.500Z",
        "view": "a",
        "client": "10.0.1.5",
        "port": 40000,
        "transport": "UDP",
        "name": "w.net.",
        "type": "A",
        "rcode": "NOERROR",
        "answers": [{"type": "A", "ttl": 300, "data": "203.0.113.77"}],
        "reason": "public record",
        "detail": "public record",
        "seconds": 0.0015,
        "firewall": {"action": "ALERT", "rule": "guard/watch"},
    }
    assert "firewall" not in json.loads(json_line(MOMENT, outcome_of(world, "ok.net")))


def test_names_with_odd_octets_are_escaped(world: World) -> None:
    outcome = outcome_of(world, "www.example.com")
    question = Name.from_text(r"a\.b\010.example") + outcome.query.question[-4:]
    line = json.loads(json_line(MOMENT, outcome._replace(query=outcome.query._replace(question=question))))
    assert line["name"] == r"a\.b\010.example."
