"""Aliases of private zones: where they lead, and what Route 53 would refuse of them."""

from __future__ import annotations

import pytest

from proxy.dns.names import Name
from proxy.model.answers import Ask, Reply
from proxy.model.routing import AliasFollowed
from proxy.model.steps import Asked, ClaimsWeighed, RecordsFound, Replied, Step, TypeMissing
from tests.worlds import ask, placed, problems_of, reply, texts, world_of

VPCS = """
    region: us-east-1
    upstream: {mode: off}
    vpcs:
      a:
        cidr: 10.0.0.0/16
        subnets:
          a1: {cidr: 10.0.1.0/24, az: us-east-1a}
          a2: {cidr: 10.0.2.0/24, az: us-east-1b}
        endpoints:
          k: {service: kms, id: vpce-0aaaaaaaaaaaaaaaa-k1k1k1k1, subnets: {a1: 10.0.1.50, a2: 10.0.2.50}}
          none: {service: sqs, id: vpce-0bbbbbbbbbbbbbbbb-q1q1q1q1, state: rejected, private_dns: false, subnets: [a1]}
          bare: {service: sns, id: vpce-0cccccccccccccccc-n1n1n1n1, private_dns: false, subnets: {}}
          s3: {service: s3, type: gateway}
          bucket: {service: s3, id: vpce-0dddddddddddddddd-b1b1b1b1, subnets: {a1: 10.0.1.60}}
      b:
        cidr: 10.1.0.0/16
        endpoints:
          k: {service: kms, addresses: ["2001:db8::1"]}
          only-b: {service: sts, addresses: 10.1.1.5}
    """


def world_text(records: str, more: str = "") -> str:
    return f"{VPCS}private_zones: [{{name: example.com, id: Z0, vpcs: [a], records: {{{records}}}}}]\n    {more}"


@pytest.mark.parametrize(
    ("alias", "query", "answers"),
    [
        ("{alias: k}", "x", ["10.0.1.50", "10.0.2.50"]),
        ("{alias: a/k}", "x", ["10.0.1.50", "10.0.2.50"]),
        ("{alias: b/k}", "x", []),
        ("{alias: b/k, type: AAAA}", "x AAAA", ["2001:db8::1"]),
        ("{alias: b/k, type: AAAA}", "x A", []),
        ("{alias: only-b}", "x", ["10.1.1.5"]),
        ("{alias: none}", "x", []),
        ("{alias: bare}", "x", []),
        ("{alias: vpce-0bbbbbbbbbbbbbbbb-q1q1q1q1.sqs.us-east-1.vpce.amazonaws.com}", "x", []),
        ("{alias: vpce-0aaaaaaaaaaaaaaaa-k1k1k1k1.kms.us-east-1.vpce.amazonaws.com.}", "x", ["10.0.1.50", "10.0.2.50"]),
        ("{alias: VPCE-0aaaaaaaaaaaaaaaa-k1k1k1k1-us-east-1b.kms.us-east-1.vpce.amazonaws.com}", "x", ["10.0.2.50"]),
        ('{alias: "*.vpce-0dddddddddddddddd-b1b1b1b1.s3.us-east-1.vpce.amazonaws.com"}', "x", ["10.0.1.60"]),
        ("{alias: bucket.vpce-0dddddddddddddddd-b1b1b1b1.s3.us-east-1.vpce.amazonaws.com}", "x", ["10.0.1.60"]),
        ("{alias: www.example.com}", "x", ["10.0.5.10"]),
        ("{alias: '*.wild.example.com'}", "x", ["10.0.5.30"]),
        ("{alias: www.example.com., type: [A, TXT]}", "x TXT", ['"t"']),
        ("{alias: www.example.com, type: TXT, A: 10.0.5.11, ttl: 7}", "x", ["10.0.5.11"]),
        ("{alias: www.example.com, type: TXT, A: 10.0.5.11, ttl: 7}", "x TXT", ['"t"']),
        ("{alias: api.example.com, type: CNAME}", "x", ["CNAME www.example.com", "10.0.5.10"]),
        ("{alias: api.example.com, type: CNAME}", "x CNAME", ["CNAME www.example.com"]),
        ("{alias: www.example.com}", "x AAAA", []),
        ("{alias: www.example.com}", "x ANY", ["10.0.5.10"]),
    ],
)
def test_an_alias_answers_for_its_own_type_with_what_its_target_has(alias: str, query: str, answers: list[str]) -> None:
    records = f'x: {alias}, www: {{A: 10.0.5.10, TXT: t, ttl: 120}}, api: {{CNAME: www.example.com}}, "*.wild": 10.0.5.30'
    name, _, kind = query.partition(" ")
    answer = ask(world_of(world_text(records)), "a", f"{name}.example.com {kind or 'A'}")
    assert (answer.sections.rcode, texts(answer)) == (0, answers)
    assert answer.reason.text == "private zone example.com (Z0)"
    if not answers:
        assert [found.type for _, found in answer.sections.authority] == [6]


def test_owner_and_ttl_at_the_apex() -> None:
    world = world_of(world_text('"@": {alias: www.example.com}, www: {A: 10.0.5.10, ttl: 120}'))
    ((owner, found),) = ask(world, "a", "example.com").sections.answer
    assert (owner, found.ttl) == (None, 120)
    assert len(texts(ask(world, "a", "example.com NS"))) == 4


def test_a_chain_of_aliases_and_a_cname_that_leads_to_one() -> None:
    records = (
        "one: {alias: two.example.com}, two: {alias: three.example.com}, three: {alias: k}, c: {CNAME: one.example.com}"
    )
    answer = ask(world_of(world_text(records)), "a", "c.example.com")
    assert texts(answer) == ["CNAME one.example.com", "10.0.1.50", "10.0.2.50"]
    assert [owner for owner, _ in answer.sections.answer] == [None, Name.from_text("one.example.com")]


def test_a_wildcard_can_be_an_alias_and_an_alias_blocks_a_wildcard() -> None:
    world = world_of(world_text('"*.any": {alias: k}, w.any: {alias: k, type: AAAA}, deep.er.any: {alias: k}'))
    assert texts(ask(world, "a", "q.any.example.com")) == ["10.0.1.50", "10.0.2.50"]
    assert texts(ask(world, "a", "w.any.example.com")) == []
    assert ask(world, "a", "any.example.com").sections.rcode == 0
    assert ask(world, "a", "q.er.any.example.com").sections.rcode == 3


RESOURCES = [
    "internal-shop-1.us-east-1.elb.amazonaws.com",
    "shop-1.elb.cn-north-1.amazonaws.com.cn",
    "d-abc.execute-api.us-east-1.amazonaws.com",
    "s3-website-us-east-1.amazonaws.com",
    "s3-website.eu-south-1.amazonaws.com",
    "app.us-east-1.elasticbeanstalk.com",
    "a123.awsglobalaccelerator.com",
    "vpce-0eeeeeeeeeeeeeeee-x1x1x1x1.kms.us-east-1.vpce.amazonaws.com",
]


@pytest.mark.parametrize("target", RESOURCES)
def test_an_aws_resource_is_a_public_name(target: str) -> None:
    world = world_of(world_text(f"lb: {{alias: {target}}}", f"public_records: {{{target}: {{A: 10.0.1.99, ttl: 60}}}}"))
    answer = ask(world, "a", "lb.example.com")
    assert texts(answer) == ["10.0.1.99"]
    assert [(owner, found.ttl) for owner, found in answer.sections.answer] == [(None, 60)]


LIVE = """
    vpcs: {a: {}}
    private_zones:
      - {name: example.com, vpcs: [a], records: {lb: {alias: lb-1.us-east-1.elb.amazonaws.com}, c: {CNAME: lb.example.com}}}
      - {name: amazonaws.com, vpcs: [a]}
    """


@pytest.mark.parametrize(
    ("outside", "rcode", "answers", "ttl"),
    [
        (reply(placed(None, "A", 60, "10.0.1.98", "10.0.1.99")), 0, ["10.0.1.98", "10.0.1.99"], 60),
        (
            reply(placed(None, "CNAME", 9, "y.example.net"), placed("y.example.net", "A", 60, "10.0.1.98")),
            0,
            ["10.0.1.98"],
            9,
        ),
        (reply(), 0, [], 60),
        (reply(rcode=3), 0, [], 60),
        (reply(rcode=2), 2, [], None),
    ],
)
def test_it_is_looked_up_outside_at_each_query(outside: Reply, rcode: int, answers: list[str], ttl: int | None) -> None:
    """Whatever private zones say of that name: Route 53 finds the target, not the VPC's Resolver."""
    asked: list[Ask] = []

    def network(what: Ask) -> Reply:
        asked.append(what)
        return outside

    steps: list[Step] = []
    answer = ask(world_of(LIVE), "a", "lb.example.com", network, steps.append)
    assert (answer.sections.rcode, texts(answer)) == (rcode, answers)
    assert {found.ttl for _, found in (*answer.sections.answer, *answer.sections.authority)} == ({ttl} if ttl else set())
    assert [str(Name(each.name)) for each in asked] == ["lb-1.us-east-1.elb.amazonaws.com"]
    assert [type(step) for step in steps] == [ClaimsWeighed, AliasFollowed, ClaimsWeighed, Asked, Replied]
    behind = ask(world_of(LIVE), "a", "c.example.com", network)
    assert texts(behind) == ["CNAME lb.example.com", *answers]


def test_the_steps_tell_of_each_alias() -> None:
    world = world_of(world_text('"*.one": {alias: two.example.com, type: [A, AAAA]}, two: {alias: k, type: [A, AAAA]}'))
    steps: list[Step] = []
    ask(world, "a", "x.one.example.com", trace=steps.append)
    assert steps[1:3] == [
        AliasFollowed(Name.from_text("*.one.example.com"), 1, "two.example.com"),
        AliasFollowed(Name.from_text("two.example.com"), 1, "endpoint a/k"),
    ]
    assert isinstance(steps[3], RecordsFound)
    assert steps[3].wildcard == Name.from_text("*.one.example.com")
    steps.clear()
    ask(world, "a", "two.example.com AAAA", trace=steps.append)
    assert [type(step) for step in steps] == [ClaimsWeighed, AliasFollowed, TypeMissing]
    steps.clear()
    ask(world, "a", "two.example.com TXT", trace=steps.append)
    assert [type(step) for step in steps] == [ClaimsWeighed, TypeMissing]


TRIED = "InvalidChangeBatch: Tried to create an alias that targets"
REFUSED = {
    "x: {alias: k, ttl: 60}": "InvalidInput: an alias has no ttl (it has that of its target: leave ttl out)",
    "x: {alias: www.example.com, type: NS}": "InvalidInput: an alias cannot be of type NS (write its records)",
    "x: {alias: www.example.com, type: SOA}": "InvalidInput: an alias cannot be of type SOA (write its records)",
    "x: {alias: nope.example.com}": (
        f"{TRIED} nope.example.com., type A in zone Z0, but that target was not found (give nope.example.com a record of that "
        "type)"
    ),
    "x: {alias: api.example.com}": (
        f"{TRIED} api.example.com., type A in zone Z0, but that target was not found: it has a CNAME (write type: CNAME, or lead "
        "the alias to what that leads to)"
    ),
    '"@": {alias: api.example.com}': (
        f"{TRIED} api.example.com., type A in zone Z0, but an alias at the apex cannot lead to a CNAME (lead it to what that "
        "leads to)"
    ),
    "x: {alias: www.example.org}": (
        f"{TRIED} www.example.org., type A in zone Z0, but the alias target name does not lie within the target zone (it lies "
        "outside of example.com, and is no AWS resource that an alias can lead to: write a CNAME record)"
    ),
    "x: {alias: kms.us-east-1.amazonaws.com}": (
        f"{TRIED} kms.us-east-1.amazonaws.com., type A in zone Z0, but the alias target name does not lie within the target zone "
        "(it lies outside of example.com, and is no AWS resource that an alias can lead to: write a CNAME record)"
    ),
    "x: {alias: elb.example.org}": (
        f"{TRIED} elb.example.org., type A in zone Z0, but the alias target name does not lie within the target zone (it lies "
        "outside of example.com, and is no AWS resource that an alias can lead to: write a CNAME record)"
    ),
    "x: {alias: d111111abcdef8.cloudfront.net}": (
        "InvalidChangeBatch: an alias to the CloudFront distribution d111111abcdef8.cloudfront.net cannot be created in a "
        "private zone (write a CNAME record)"
    ),
    "x: {alias: lb-1.us-east-1.elb.amazonaws.com, type: TXT}": (
        f"{TRIED} lb-1.us-east-1.elb.amazonaws.com., type TXT in zone Z0, but that target was not found (an alias to it is of "
        "type A or AAAA)"
    ),
    "x: {alias: vpce-0aaaaaaaaaaaaaaaa-k1k1k1k1-us-east-1c.kms.us-east-1.vpce.amazonaws.com}": (
        f"{TRIED} vpce-0aaaaaaaaaaaaaaaa-k1k1k1k1-us-east-1c.kms.us-east-1.vpce.amazonaws.com., type A in zone Z0, but that "
        "target was not found (its names are vpce-0aaaaaaaaaaaaaaaa-k1k1k1k1.kms.us-east-1.vpce.amazonaws.com, "
        "vpce-0aaaaaaaaaaaaaaaa-k1k1k1k1-us-east-1a.kms.us-east-1.vpce.amazonaws.com, "
        "vpce-0aaaaaaaaaaaaaaaa-k1k1k1k1-us-east-1b.kms.us-east-1.vpce.amazonaws.com)"
    ),
    "x: {alias: only-a}": "there is no endpoint only-a (did you mean only-b?)",
    "x: {alias: a/only-b}": "there is no endpoint a/only-b (did you mean b/only-b?)",
    "x: {alias: s3}": "endpoint a/s3 is a gateway endpoint, which has no DNS name (name an interface endpoint)",
    "x: {alias: x.example.com}": (
        "InvalidChangeBatch: the aliases lead round in a loop: x.example.com -> x.example.com (lead one of them out)"
    ),
    "x: {alias: y.example.com}, y: {alias: z.example.com}, z: {alias: y.example.com}": (
        "InvalidChangeBatch: the aliases lead round in a loop: y.example.com -> z.example.com -> y.example.com (lead one of "
        "them out)"
    ),
}


@pytest.mark.parametrize("records", REFUSED)
def test_what_route_53_would_refuse_is_refused_in_its_words(records: str) -> None:
    more = f'{records}, api: {{CNAME: www.example.com}}, www: {{A: 10.0.5.10, ttl: 60}}, "*.w": 10.0.0.1'
    problems = problems_of(world_text(more))
    assert [problem.partition(": ")[2] for problem in problems] == [REFUSED[records]]
    assert problems[0].startswith("private_zones[0].records.")


def test_every_loop_is_told() -> None:
    records = "a: {alias: b.example.com}, b: {alias: a.example.com}, c: {alias: c.example.com}, d: {alias: k}"
    problems = problems_of(world_text(records))
    assert [problem.partition(":")[0] for problem in problems] == [
        "private_zones[0].records.a.alias",
        "private_zones[0].records.c.alias",
    ]


def test_a_handle_of_more_than_one_vpc_needs_its_vpc() -> None:
    text = world_text("x: {alias: k}").replace("vpcs: [a], records", "vpcs: [a, b], records")
    assert [problem.partition(": ")[2] for problem in problems_of(text)] == [
        "k is an endpoint of more than one VPC (write one of a/k, b/k)"
    ]


def test_without_endpoints_there_is_a_hint_too() -> None:
    text = "{vpcs: {a: {}}, private_zones: [{name: example.com, vpcs: [a], records: {x: {alias: www}}}]}"
    assert [problem.partition(": ")[2] for problem in problems_of(text)] == [
        "there is no endpoint www (a name of this zone is written whole, to example.com)"
    ]


def test_a_cname_alias_may_not_stand_at_the_apex_nor_beside_other_types() -> None:
    apex = '"@": {alias: api.example.com, type: CNAME}, api: {CNAME: www.example.com}'
    problems = problems_of(world_text(f"{apex}, y: {{alias: api.example.com, type: CNAME, A: 1.1.1.1}}"))
    assert "is not permitted at apex in zone example.com." in problems[0]
    assert "is not permitted as it conflicts with other records" in problems[1]
    assert len(problems) == 2


@pytest.mark.parametrize("records", ["{A: 10.0.5.999}", "{A: 10.0.5.999, TXT: one}"])
def test_an_alias_to_what_has_wrong_data_is_no_further_problem(records: str) -> None:
    """A list of record sets beside them makes the zone one whose aliases are followed."""
    text = f"""
        vpcs: {{a: {{}}}}
        private_zones:
          - name: example.com
            vpcs: [a]
            records:
              www: {records}
              home: {{alias: www.example.com}}
              app: [{{id: one, A: 10.0.0.1, weight: 1}}]
        """
    [problem] = problems_of(text)
    assert problem.startswith("private_zones[0].records.www.A: 10.0.5.999 is no data of type A")
