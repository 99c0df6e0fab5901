"""Loops between a file's own listeners: found when it is read, and not when a query goes round."""

from __future__ import annotations

import pytest

from tests.worlds import problems_of

TWO = """
    vpcs:
      app: {inbound_endpoints: {in: {listen: "127.0.0.1:1055"}}}
      hub: {inbound_endpoints: {in: {listen: "127.0.0.1:1056"}}}
      spoke: {}
    default_view: internet
    listen: LISTEN
    upstream: UPSTREAM
    resolver_rules: RULES
    """


def found(rules: str, listen: str = "[]", upstream: str = "{mode: off}") -> list[str]:
    return problems_of(TWO.replace("RULES", rules).replace("LISTEN", listen).replace("UPSTREAM", upstream))


THERE = '{domain: corp.example, targets: "127.0.0.1:1056", vpcs: app}'
BACK = '{domain: corp.example, targets: [192.0.2.1, "127.0.0.1:1055"], vpcs: [hub, spoke]}'


def test_two_rules_that_send_a_name_to_one_another_are_told_at_the_later_one() -> None:
    assert found(f"[{THERE}, {BACK}]") == [
        "resolver_rules[1].targets[1]: a loop: for corp.example, view hub/in sends it to 127.0.0.1:1055 "
        "(resolver_rules[1].targets[1]), which is vpcs.app.inbound_endpoints.in.listen; view app/in sends it to 127.0.0.1:1056 "
        "(resolver_rules[0].targets[0]), which is vpcs.hub.inbound_endpoints.in.listen (change resolver_rules[0].targets[0] or "
        "resolver_rules[1].targets[1])"
    ]


@pytest.mark.parametrize(
    "rules",
    [
        f"[{THERE}]",
        f"[{THERE}, {{domain: other.example, targets: '127.0.0.1:1055', vpcs: hub}}]",
        f"[{THERE}, {{domain: ., targets: '127.0.0.1:1055', vpcs: hub}}, {{domain: corp.example, type: system, vpcs: hub}}]",
        f"[{THERE}, {{domain: corp.example, targets: '127.0.0.1:1057', vpcs: hub}}]",
        f"[{THERE}, {{domain: corp.example, targets: '127.0.0.1:1055', vpcs: spoke}}]",
    ],
)
def test_what_comes_to_an_end_is_no_loop(rules: str) -> None:
    assert found(rules) == []


def test_a_loop_may_be_for_a_part_of_the_names_alone() -> None:
    (problem,) = found(f"[{THERE}, {{domain: x.corp.example, targets: '127.0.0.1:1055', vpcs: hub}}]")
    assert problem.startswith(
        "resolver_rules[1].targets[0]: a loop: for x.corp.example, view hub/in sends it to 127.0.0.1:1055"
    )


@pytest.mark.parametrize(
    ("listen", "target"),
    [
        ('{address: "127.0.0.1:1060", view: app}', "127.0.0.1:1060"),
        ('{address: "0.0.0.0:1060", view: app}', "127.0.0.1:1060"),
        ('{address: "[::]:1060", view: app/in}', "[::1]:1060"),
        ('{address: "10.0.0.5:1060", view: app}', "10.0.0.5:1060"),
    ],
)
def test_a_listener_of_its_own_view_is_a_loop(listen: str, target: str) -> None:
    (problem,) = found(f'[{{domain: corp.example, targets: "{target}", vpcs: app}}]', listen)
    assert problem.startswith("resolver_rules[0].targets[0]: a loop: for corp.example, view app")
    assert "which is listen[0]" in problem
    assert found(f'[{{domain: corp.example, targets: "{target}", vpcs: hub}}]', listen) == []


def test_a_wildcard_listener_is_not_every_address() -> None:
    assert (
        found('[{domain: corp.example, targets: "192.0.2.1:1060", vpcs: app}]', '{address: "0.0.0.0:1060", view: app}') == []
    )
    assert found('[{domain: corp.example, targets: "127.0.0.1:1060", vpcs: app}]', '"[::]:1060"') == []


def test_where_the_client_decides_the_view_it_is_that_of_the_sender() -> None:
    rule = '[{domain: corp.example, targets: "127.0.0.1:1060", vpcs: app}]'
    assert found(rule, '"127.0.0.1:1060"') == []
    text = (
        TWO.replace("default_view: internet", "default_view: app").replace("RULES", rule).replace("UPSTREAM", "{mode: off}")
    )
    (problem,) = problems_of(text.replace("LISTEN", '"127.0.0.1:1060"'))
    assert "view app sends it to 127.0.0.1:1060 (resolver_rules[0].targets[0]), which is listen[0]" in problem


def test_upstream_may_be_a_part_of_a_loop() -> None:
    upstream = '{servers: [system, 192.0.2.1, "127.0.0.1:1060"]}'
    (problem,) = found("[]", '"127.0.0.1:1060"', upstream)
    assert problem.startswith(
        "upstream.servers: a loop: for ., view internet sends it to 127.0.0.1:1060 (upstream.servers), which is listen[0]"
    )
    rules = "[{domain: ., type: system, vpcs: app}]"
    assert len(found(rules, '{address: "127.0.0.1:1060", view: app}', upstream)) == 1


def test_what_aws_refuses_is_told_in_its_words_alone() -> None:
    (problem,) = found('[{domain: corp.example, targets: "127.0.0.1:1055", vpcs: app}]')
    assert "the VPC include an INBOUND resolver endpoints" in problem


def test_a_loop_by_a_profile_is_one() -> None:
    profile = "\n    profiles: [{vpcs: [app], resolver_rules: loop}]"
    rules = '[{name: loop, domain: corp.example, targets: "127.0.0.1:1055"}]' + profile
    (problem,) = found(rules)
    assert problem.startswith("resolver_rules[0].targets[0]: a loop")


def test_a_view_that_is_not_there_is_told_alone() -> None:
    rule = '[{domain: corp.example, targets: "127.0.0.1:1060", vpcs: app}]'
    assert found(rule, '{address: "127.0.0.1:1060", view: apps}') == [
        "listen[0].view: there is no view apps (did you mean app?)"
    ]
    text = TWO.replace("default_view: internet", "default_view: nowhere").replace("RULES", rule).replace("UPSTREAM", "{}")
    assert [problem.split(":")[0] for problem in problems_of(text.replace("LISTEN", '"127.0.0.1:1060"'))] == ["default_view"]


def test_a_server_whose_address_is_not_known_yet_is_nobodys_listener() -> None:
    assert found(f"[{THERE}]", upstream="{mode: off, servers: [https://dns.example/dns-query]}") == []
