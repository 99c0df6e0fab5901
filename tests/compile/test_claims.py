"""The claim table: who wins a name that several claim."""

from __future__ import annotations

import random

import pytest

from proxy.compile.claims import claim_table
from proxy.compile.tables import build_zone
from proxy.dns.names import ROOT, Name
from proxy.model.answers import Reason, ReasonKind
from proxy.model.claims import Claim, ClaimKind
from tests.worlds import ask, texts, world_of

EXAMPLE = Name.from_text("example.com")
ZONE = build_zone(ROOT, {}, Reason(ReasonKind.PRIVATE_ZONE, "test"))

# The strongest first: kind, and the priority of the Profile that brings it (0: none).
ORDER = [
    (ClaimKind.SELF, 0),
    (ClaimKind.FORWARD_RULE, 0),
    (ClaimKind.SYSTEM_RULE, 0),
    (ClaimKind.PRIVATE_ZONE, 0),
    (ClaimKind.ENDPOINT_ZONE, 0),
    (ClaimKind.DELEGATION, 0),
    (ClaimKind.AUTODEFINED, 0),
    (ClaimKind.FORWARD_RULE, 100),
    (ClaimKind.PRIVATE_ZONE, 100),
    (ClaimKind.ENDPOINT_ZONE, 100),
    (ClaimKind.FORWARD_RULE, 200),
    (ClaimKind.SYSTEM_RULE, 200),
    (ClaimKind.GATEWAY_RECORDS, 0),
    (ClaimKind.INTERNET, 0),
]


@pytest.mark.parametrize("seed", range(8))
def test_on_one_name_the_vpc_goes_before_profiles_then_the_kind_decides(seed: int) -> None:
    claims = [Claim(EXAMPLE, kind, str(place), ZONE, profile=profile) for place, (kind, profile) in enumerate(ORDER)]
    random.Random(seed).shuffle(claims)
    winner = claim_table(claims)[EXAMPLE]
    assert [(claim.kind, claim.profile) for claim in (winner, *winner.shadowed)] == ORDER


def test_equal_claims_keep_their_order_and_other_names_are_no_rivals() -> None:
    first, second = (Claim(EXAMPLE, ClaimKind.PRIVATE_ZONE, origin, ZONE) for origin in ("first", "second"))
    root = Claim(ROOT, ClaimKind.INTERNET, "upstream", ZONE)
    table = claim_table((root, first, second))
    assert table[EXAMPLE].origin == "first"
    assert table[EXAMPLE].shadowed == (second,)
    assert table[ROOT] == root


def test_a_long_name_of_a_view_is_told_as_far_as_a_string_goes() -> None:
    world = world_of(f"""
        vpcs: {{{"ü" * 100}: {{cidr: 10.0.0.0/16, inbound_endpoints: {{{"ö" * 100}: {{}}}}}}}}
        """)
    shown = texts(ask(world, f"{'ü' * 100}/{'ö' * 100}", "vpcdns.test TXT"))
    assert len(shown) == 1
    assert '"view=' in shown[0]
