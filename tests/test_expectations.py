"""A file's own tests: what holds, and what is said where something does not."""

from __future__ import annotations

import textwrap

import pytest

from proxy.expectations import failed_expectations, is_expected_refusal
from proxy.settings import read_settings
from proxy.settings.problems import ConfigProblem, Mark
from proxy.settings.shape import RefusalExpected
from tests.worlds import world_of

TEXT = """
    vpcs: {a: {cidr: 10.0.0.0/16}, b: {cidr: 10.1.0.0/16}}
    private_zones:
      - name: example.com
        vpcs: [a]
        records:
          www: {A: 10.0.5.10, AAAA: "2001:db8::1", ttl: 300}
          api: {CNAME: WWW.example.com, ttl: 120}
          note: {TXT: "Hello world"}
          mail: {MX: ["10 Mail.example.com"]}
    public_records: {www.example.com: 203.0.113.10}
    resolver_rules: [{domain: site.example, targets: [192.0.2.9], vpcs: [a]}]
    """


def failures(expectation: str) -> list[str]:
    """What is said of one expectation, `expect` being the file's last key."""
    text = textwrap.dedent(TEXT) + f"expect:\n  - {expectation}\n"
    loaded = read_settings([("t.yaml", text)])
    assert not isinstance(loaded.settings.expect, RefusalExpected)
    world = world_of(text)
    return [
        f"{problem.what} ({problem.hint})" for problem in failed_expectations(world, loaded.settings.expect, loaded.mark)
    ]


@pytest.mark.parametrize(
    "expectation",
    [
        "{view: a, query: www.example.com, answers: [10.0.5.10], ttl: 300, authority: []}",
        "{view: a, query: WWW.example.com. AAAA, answers: ['2001:DB8:0::1']}",
        "{view: a, query: api.example.com, answers: [10.0.5.10, CNAME www.example.com], ttls: [300, 120]}",
        "{view: a, query: api.example.com CNAME, answers: [CNAME www.example.com.]}",
        "{view: a, query: mail.example.com MX, answers: [10 mail.example.com]}",
        "{view: a, query: note.example.com TXT, answers: ['\"Hello world\"']}",
        "{view: a, query: note.example.com, answers: [], authority: [SOA]}",
        "{view: a, query: nope.example.com, rcode: NXDOMAIN}",
        "{view: a, query: www.example.com, any_of: [[10.0.5.11], [10.0.5.10]]}",
        "{client: 10.0.1.1, query: www.example.com, answers: [10.0.5.10]}",
        "{client: 192.0.2.1, query: www.example.com, answers: [203.0.113.10]}",
        "{query: www.example.com, answers: [203.0.113.10]}",
    ],
)
def test_what_holds_is_no_problem(expectation: str) -> None:
    assert failures(expectation) == []


@pytest.mark.parametrize(
    ("expectation", "said"),
    [
        (
            "{view: a, query: www.example.com, answers: [10.0.5.11]}",
            "www.example.com A in view a: the answers are [10.0.5.10], not [10.0.5.11]",
        ),
        (
            "{view: a, query: nope.example.com, any_of: [[10.0.5.11], []]}",
            "nope.example.com A in view a: the rcode is NXDOMAIN, not NOERROR",
        ),
        (
            "{view: a, query: www.example.com, ttl: 60}",
            "www.example.com A in view a: the TTLs are [300], not 60",
        ),
        (
            "{view: a, query: api.example.com, answers: [CNAME www.example.com, 10.0.5.10], ttls: [300, 120]}",
            "api.example.com A in view a: the TTLs are [120, 300], not [300, 120]",
        ),
        (
            "{view: a, query: note.example.com, authority: []}",
            "note.example.com A in view a: the authority section has [SOA], not []",
        ),
        (
            "{view: a, query: note.example.com TXT, answers: ['\"hello world\"']}",
            'note.example.com TXT in view a: the answers are ["Hello world"], not ["hello world"]',
        ),
        ("{view: c, query: www.example.com}", "there is no view c ()"),
        (
            "{view: b, query: www.example.net}",
            "www.example.net A in view b: the answer would be asked for upstream, where a file's own tests do not go",
        ),
        (
            "{view: a, query: h.site.example}",
            "h.site.example A in view a: the answer would be asked for outside (rule site.example for site.example, to "
            "192.0.2.9:53), where a file's own tests do not go",
        ),
    ],
)
def test_what_does_not_hold_is_told_with_what_came_instead(expectation: str, said: str) -> None:
    (failure,) = failures(expectation)
    assert failure.startswith(said)


def test_a_failure_names_where_the_answer_came_from() -> None:
    (failure,) = failures("{view: a, query: www.example.com, answers: []}")
    assert "(the answer came from: private zone example.com (Z" in failure


@pytest.mark.parametrize(
    ("error", "at", "holds"),
    [
        ("ConflictingDomainExists", ("private_zones", 1), True),
        ("ConflictingDomainExists", ("private_zones", 0), False),
        ("ConflictingDomainExists", None, True),
        ("already been\n   associated", ("private_zones", 1, "name"), True),
        ("something else", ("private_zones", 1), False),
        ("did you mean", ("private_zones", 1), True),
    ],
)
def test_a_file_that_is_to_be_refused(error: str, at: tuple[str | int, ...] | None, holds: bool) -> None:
    what = "ConflictingDomainExists: The VPC v has already been associated with"
    problem = ConfigProblem(Mark("t.yaml", 3, 5), ("private_zones", 1, "name"), what, "did you mean another?")
    assert is_expected_refusal(RefusalExpected(error, at), [problem]) is holds
