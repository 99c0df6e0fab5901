"""What AWS's pages say of DNS in a VPC, rule by rule, and which test holds each.

The numbers are those that the files in `tests/conformance` cite.  `cases` means that at least one of them does; other words are
names of test functions.  A rule in brackets cannot be seen through DNS, and says why.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

RULES = """
1   a private zone begins with one VPC, more are added | (made by API calls; the file has the outcome)
2   a private zone keeps at least one VPC | a_zone_on_no_vpc_is_seen_by_nobody
3   a public zone never gets a VPC | (made by API calls; the file has two lists)
4   one name twice on a VPC is refused | cases what_route_53_would_refuse_is_refused_in_its_words
5   a zone and one below it may be on one VPC | cases
6   one name may be on different VPCs | cases
7   no zone of a top-level domain, but of any other single label | cases names_that_a_private_zone_may_have
8   both DNS attributes are needed | without_one_of_the_dns_attributes_private_names_are_public
9   without them names resolve publicly | cases
10  clients outside get public answers | cases
11  another account must authorize | cases a_zone_of_another_account_is_fine_once_it_is_authorized
12  zones that services own | (listed by API calls alone)
13  a zone's reach is its VPCs, not their peers | cases
14  the four name servers | cases soa_and_ns_are_those_of_route_53
15  the SOA | cases soa_and_ns_are_those_of_route_53
16  the NS set may be edited | cases a_zones_own_soa_and_ns_take_their_place
17  the most specific zone is chosen | cases
18  only that zone is searched | cases
19  NODATA where the name exists | cases
20  empty non-terminals exist | cases names_between_exist_and_an_asterisk_inside_is_a_letter
21  wildcards | cases
22  the parent of a wildcard | cases
23  letter case does not matter | cases headers_letter_case_and_negative_answers
24  where a CNAME may stand | cases
25  a CNAME is followed in the same VPC | cases a_private_cname_to_the_internet
26  the last hop gives the rcode | cases
27  the types of records | cases
28  all values, in any order | cases every_value_comes_first_in_its_turn
29  (the older rule that NS records never delegate) | (replaced by rule 30)
30  NS records delegate by a rule | a_name_server_inside_the_zone_is_asked_at_its_glue
31  the rule goes by the name servers' names | cases a_referral_is_followed_where_a_rule_covers_the_next_name_server
32  NS records without a rule | cases without_a_rule_the_cut_is_there_and_nobody_follows_it
33  a zone of the delegated name wins | a_zone_below_the_cut_wins
34  an alias answers for its type, without a CNAME | cases
35  what may be an alias's target | cases
36  types of aliases | cases
37  the TTL of an alias is its target's | cases
38  an alias to an endpoint | what_leads_to_an_endpoint_of_it
39  evaluating a target's health has no effect on endpoints | (there is no such key)
40  the policies of a private zone | the_policies_of_route_53
41  weighted | cases weighted_answers_come_as_often_as_their_weights_say
42  multivalue | cases of_more_than_eight_multivalue_sets_eight_come_each_as_often
43  failover | cases
44  latency | cases they_look_at_the_region_of_the_vpc_that_asks
45  geolocation | cases of_no_place_and_no_default_comes_an_empty_answer
46  health | cases
47  policies do not mix | cases
48  a private zone hides the public one | the_same_name_has_another_answer_in_another_view
49  the most specific rule | cases
50  a zone is a rule of its name | cases
51  a forwarding rule wins against the zone of its name | cases
52  and against autodefined names | cases
53  a rule below a zone, a rule above it | cases a_name_below_a_zone_is_forwarded_and_the_rest_stays
54  system rules | cases a_system_rule_leads_to_the_zone_that_covers_its_name
55  a rule for the root leaves autodefined names | cases
56  names under amazonaws.com and a rule for the root | cases
57  one to six targets | cases one_more_than_the_quota_is_told
58  CNAMEs of targets are passed on | a_forwarded_cname_may_be_followed_by_the_view
59  a failed target | cases where_no_target_answers_the_answer_is_servfail
60  autodefined reverse names | cases reverse_names_can_be_left_to_others_and_the_rest_stays
61  localhost | cases
62  inbound endpoints | cases an_inbound_endpoint_is_asked_as_if_from_inside
63  protocols of endpoints | (the file has sockets instead)
64  the VPC's own address from outside | the_resolver_is_where_aws_has_it_and_nowhere_else
65  a rule that is gone | a_rule_that_is_gone_is_gone_after_a_reload
66  what a Profile carries | a_profile_brings_zones_rules_and_endpoints
67  the VPC's own before a Profile's, specific names first | cases the_more_specific_name_wins_wherever_it_comes_from
68  two Profiles, their priorities | cases
69  between two Profiles | cases of_two_profiles_the_lower_priority_wins_equal_names
70  endpoints by a Profile | cases
71  a zone by both ways is no conflict | the_vpcs_own_wins_against_a_profile_of_the_same_name
72  the resolver's addresses | the_resolver_is_where_aws_has_it_and_nowhere_else
73  no filter on its traffic | (nothing of DNS)
74  only recursive queries | flags_and_edns_are_those_of_the_amazon_resolver
75  1,024 packets a second | over_its_bound_a_client_gets_no_reply
76  without DNS support there is no resolver | a_vpc_without_dns_support_answers_nothing
77  the attributes' defaults | cases
78  flags, EDNS, empty sections | flags_and_edns_are_those_of_the_amazon_resolver
79  512 octets, else what EDNS says | forty_addresses_come_by_udp_where_they_fit_and_else_by_tcp
80  no DNSSEC | an_upstreams_reply_goes_back_whole_but_for_dnssecs_proofs
81  SOA in negative answers | a_negative_answer_and_its_extended_error
82  its TTL | the_ttl_of_negative_answers
83  TTLs count down | a_record_with_ttl_40_asked_at_0_s_and_2_s_40_then_38
84  DNS64 | cases names_without_aaaa_get_one
85  names of addresses | cases
86  names of resources | cases
87  names of addresses elsewhere | cases
88  other names there | cases
89  their TTL | cases
90  ranges beyond RFC 1918 | every_24_of_a_vpc_is_a_reverse_zone
91  public host names | cases
92  pointers | cases
93  169.254.169.254 | ec2s_names_stay_inside
94  the search domain | the_search_domain_is_the_regions_or_the_dhcp_options
95  names of an endpoint | cases an_endpoint_has_a_name_for_the_region_and_one_for_each_zone
96  S3's have a label in front | cases
97  one for each zone | cases
98  they are public | cases
99  their TTL is 60 | an_endpoint_has_a_name_for_the_region_and_one_for_each_zone
100 all addresses in the regional name | cases
101 one zone's in the zonal name | cases
102 endpoints to other regions | cases
103 private DNS is a hidden zone | cases
104 of each private name of the service | cases
105 nothing below a plain name | cases
106 wildcard names | cases
107 services with a wildcard alone | cases
108 S3's names | cases
109 names that differ from the service's | cases ports_regions_and_wildcards_where_they_differ
110 private DNS needs both attributes | cases
111 the default of private DNS | cases
112 one endpoint a name | cases
113 a second one without private DNS | cases
114 the hidden zone among other claims | cases
115 a more specific hidden zone | nothing_tells_a_name_that_is_not_there_from_those_beside_it
116 private DNS turned off | private_dns_that_is_turned_off_gives_the_name_back
117 an endpoint without subnets | cases
118 other VPCs do not see it | cases
119 all zones of the VPC do | cases
120 names of private APIs | a_private_api_has_a_public_name_with_the_endpoints_id
121 the TTL of private names | cases
122 which records fit which addresses | cases which_records_fit_which_addresses
123 their effect | cases
124 service-defined | cases
125 addresses fit the subnets | cases
126 S3 for inbound endpoints alone | cases
127 who sees what then | cases
128 preferences of Lattice endpoints | the_preference_decides_which_domains_lead_to_it
129 one subnet a zone | cases
130 reserved addresses | cases
131 an address more, an address less | cases
132 shared subnets | (who may make endpoints is nothing of DNS)
133 states | an_endpoint_that_came_to_nothing_holds_no_name
134 names while pending | private_names_are_for_their_vpc_alone
135 acceptance comes first | cases
136 rejected and expired | private_names_are_for_their_vpc_alone
137 a service's base name | the_base_name_of_a_service_is_there_and_has_nothing
138 verified names | cases
139 services without a private name | private_dns
140 Gateway Load Balancer | cases an_endpoint_of_a_gateway_load_balancer_has_no_names
141 gateway endpoints | cases
142 names of resource endpoints | every_resource_configuration_has_a_public_name
143 names of service networks | every_resource_configuration_has_a_public_name
144 private DNS of both | cases the_preference_decides_which_domains_lead_to_it
145 tunnels | (nothing is known)
146 the firewall sees inbound queries too | cases
147 its order | cases
148 its actions | cases
149 its failure | it_fails_closed_with_servfail it_fails_open_with_the_answer_that_there_would_be_without_it
150 domains | cases a_domain_with_a_wildcard_is_all_below_it
151 query types | cases
152 redirection | cases
153 advanced rules | (they learn from traffic; there is no such key)
154 private names are filtered | cases
155 the SOA of blocked answers | cases
156 an override's target | cases
157 what is logged | route_53_has_one_line_for_what_is_asked_again
158 the log's fields | a_line_of_route_53_field_by_field
159 their values | a_line_of_route_53_field_by_field what_it_allows_is_logged_without_it
160 time, type and rcode | a_name_that_does_not_exist_has_no_answers
161 peering | cases
162 a peer's resolver | the_resolver_is_where_aws_has_it_and_nowhere_else
163 zones in other regions and accounts | cases
164 shared subnets follow the VPC | (a client's VPC is all that the file knows)
165 on premises | cases
"""

ROWS = [
    (int(number), text, held.split()) for number, text, held in re.findall(r"^(\d+)\s+(.*?) \| (.*)$", RULES, re.MULTILINE)
]


def test_every_rule_has_its_row() -> None:
    assert [number for number, _, _ in ROWS] == list(range(1, 166))


def functions() -> set[str]:
    found = set()
    for path in TESTS.rglob("test_*.py"):
        tree = ast.parse(path.read_text())
        found |= {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    return found


def cited() -> set[int]:
    """The rules that stand beside an expectation of the conformance files."""
    found = set()
    for path in (TESTS / "conformance").rglob("*.yaml"):
        for numbers in re.findall(r"\brules? (\d+(?:(?:, | and )\d+)*)", path.read_text()):
            found |= {int(number) for number in re.findall(r"\d+", numbers)}
    return found


NAMES, CITED = functions(), cited()


@pytest.mark.parametrize(("number", "text", "held"), ROWS)
def test_it_is_held_by_a_test_that_exists(number: int, text: str, held: list[str]) -> None:
    assert held, text
    if held[0].startswith("("):
        assert number not in CITED
        return
    for word in held:
        assert number in CITED if word == "cases" else f"test_{word}" in NAMES, f"{word} does not hold rule {number}: {text}"
