"""AWS's rules in words, by what they are about.  A test sees to it that every kind of claim has one."""

from __future__ import annotations

from proxy.model.answers import ReasonKind
from proxy.model.claims import ClaimKind
from proxy.model.firewall import FirewallAction

_GUIDE = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/"

PRIVATE_ZONES_PAGE = _GUIDE + "hosted-zone-private-considerations.html"
NAMES_PAGE = _GUIDE + "DomainNameFormat.html"
SOA_PAGE = _GUIDE + "SOA-NSrecords.html"
FORWARD_PAGE = _GUIDE + "resolver-overview-forward-vpc-to-network-using-rules.html"
FIREWALL_PAGE = _GUIDE + "resolver-dns-firewall-overview.html"
DELEGATION_PAGE = _GUIDE + "outbound-delegation-tutorial.html"
RESOLVER_PAGE = _GUIDE + "resolver-overview-DSN-queries-to-vpc.html"
INBOUND_PAGE = _GUIDE + "resolver-overview-forward-network-to-vpc.html"
EC2_NAMES_PAGE = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html"
ALIAS_PAGE = _GUIDE + "resource-record-sets-choosing-alias-non-alias.html"
DNS64_PAGE = "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html"
VPC_DNS_PAGE = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html"

CLAIM_RULES = {
    ClaimKind.SELF: "vpcdns answers for this name itself, in every view, so that anyone can ask who answers there. AWS has no "
    "such name.",
    ClaimKind.FORWARD_RULE: "A forwarding rule sends this name and all names below it to its target addresses, by an outbound "
    "endpoint. What those answer is the answer.",
    ClaimKind.SYSTEM_RULE: "A system rule is the exception to a less specific forwarding rule: the Resolver handles the name "
    "itself, by a private hosted zone that covers it or else in public DNS.",
    ClaimKind.PRIVATE_ZONE: "The Resolver searches the private hosted zone with the most specific name, and that zone alone: "
    "what it lacks does not exist, whatever a less specific zone or public DNS has.",
    ClaimKind.ENDPOINT_ZONE: "With private DNS, an interface endpoint puts a hidden private hosted zone of the service's name on "
    "its VPC. It counts like any other private zone: in the whole VPC the name means the endpoint, and what stands below it is "
    "the zone's too.",
    ClaimKind.DELEGATION: "NS records of a private hosted zone hand the name over to other name servers. The Resolver asks "
    "those, through an outbound endpoint, where a delegation rule of the VPC is for their names.",
    ClaimKind.AUTODEFINED: "The Resolver makes rules of its own: for the names of instances, for the reverse look-up of private "
    "addresses, and for localhost. They keep these names in the VPC, unless a forwarding rule names the same domain.",
    ClaimKind.GATEWAY_RECORDS: "A gateway endpoint has no addresses: its route table leads to the service's public ones, so the "
    "names stay public. Its DNS record IP type says which record types they keep inside the VPC.",
    ClaimKind.INTERNET: "Nothing in this VPC claims the name, so the Resolver looks it up in public DNS, as anybody would.",
}
FIREWALL_RULES = {
    FirewallAction.ALLOW: "DNS Firewall looks at a VPC's queries before anything else, and the first rule that fits decides. "
    "This one lets the query pass, and no further rule is looked at.",
    FirewallAction.ALERT: "DNS Firewall looks at a VPC's queries before anything else, and the first rule that fits decides. "
    "This one lets the query pass and has it logged.",
    FirewallAction.BLOCK: "DNS Firewall looks at a VPC's queries before anything else, and the first rule that fits decides. "
    "This one answers the query itself: neither a private zone nor anything outside is asked.",
}
FIREWALL_TRUSTS = "It trusts redirection: the names that a CNAME leads to from here are not looked at."
NO_FIREWALL_RULE = "None of the VPC's firewall rules is about this name and type, and what no rule is about passes."
FROM_OUTSIDE = (
    "Private hosted zones and endpoints' private names exist inside their VPCs alone. From outside there is public DNS only."
)
MOST_SPECIFIC = "The most specific name wins, whatever kind of claim it is."

# What an answer from outside the VPC's own claims means, and AWS's page on it.
_FROM_THE_FILE = "The file says what public DNS has of this name, so nothing is asked upstream."
FOUND_RULES = {
    ReasonKind.ENDPOINT_NAME: (
        "An endpoint's own DNS names are public: anybody gets its private addresses, but only who reaches the VPC can use them.",
        "https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html",
    ),
    ReasonKind.PUBLIC_HOSTNAME: (
        "The public host name of an instance has its private address inside its own VPC, and in a peer where the instance's side "
        "allows DNS resolution. Everybody else gets the public address.",
        EC2_NAMES_PAGE,
    ),
    ReasonKind.PUBLIC_RECORD: (_FROM_THE_FILE, ""),
    ReasonKind.PUBLIC_ZONE: (_FROM_THE_FILE, ""),
    ReasonKind.SIMULATED: ("A simulated server of the file answers in place of the network.", ""),
}

# Why the search ends at a name that is missing, by who misses it.
MISSING_RULES = {
    ReasonKind.PRIVATE_ZONE: "Once a private hosted zone has matched, the Resolver tries neither a less specific zone nor public "
    "DNS: the answer is NXDOMAIN, even for a name that exists on the internet.",
    ReasonKind.ENDPOINT: "The endpoint's hidden zone covers every name below the service's. What it lacks is NXDOMAIN in this "
    "VPC, even for a name that exists on the internet.",
    ReasonKind.AUTODEFINED: "The Resolver keeps this domain to itself and asks nobody else about it: a name that neither says an "
    "address of the VPC or of a private range, nor is that of an instance, is NXDOMAIN.",
}
DNS64 = (
    "The client's subnet has DNS64. So the IPv4 addresses are looked for, each to be put behind 64:ff9b::/96; a NAT gateway "
    "leads from there to the IPv4 address."
)
DNS64_TTL = "It lives as long as the A record, but no longer than it is known that there is no AAAA record."
COMPUTED = (
    "EC2 makes such names and addresses from each other, so there is one for every private address, whether an instance has it "
    "or not."
)
MISSING_OUTSIDE = "This file says all that public DNS knows here, so nothing is asked upstream: the answer is NXDOMAIN."
EMPTY_ANSWER = (
    "The name exists, or one below it does, so the answer is empty (NODATA: NOERROR and an SOA record), not NXDOMAIN."
)
NOTHING_ELSE = "Nothing else is tried: what public DNS has of this type stays unseen in the VPC."
WILDCARD = "No name is nearer than the wildcard: its asterisk stands for one label or many, until a name that exists."
FORWARDED = "AWS takes the targets in any order; here the first that answers, in the order of the file, is asked."
TARGETS_SIMULATED = "The first target that can be reached is a simulated server of the file, which answers here."
NOT_DELEGATED = (
    "No delegation rule of this VPC is for the name of a name server, so nobody asks there: the answer is empty. What AWS does "
    "is not documented; quirks.delegation_without_rule has the other way."
)
SERVER_SOUGHT = "No address stands beside its NS record, so it is looked up from inside the same VPC."
HOP_INSIDE = (
    "The Resolver follows it from inside the same VPC: the target is weighed as if it had been asked for, and may well be "
    "private."
)
HOP_OF_A_REPLY = "A CNAME in the reply that leads to a name of the view is followed inside."
HOP_OUTSIDE = "It is followed in public DNS, as nothing else is seen from outside."
SILENCE = "Without enableDnsSupport the Amazon resolver does not answer in a VPC at all: clients wait until they give up."
ALIAS = "An alias answers for its own type alone, with what its target has and with its TTL; no CNAME is visible."

# How each routing policy chooses, and AWS's page on it; by the keys of the file.
POLICY_RULES = {
    "weight": (
        "Weighted: each answer has one of the sets, as often as its weight is of the sum of all. One with the weight 0 comes "
        "only where no other can.",
        _GUIDE + "routing-policy-weighted.html",
    ),
    "failover": (
        "Failover: the primary set while it is healthy, else the secondary; where neither is, the primary again.",
        _GUIDE + "routing-policy-failover.html",
    ),
    "multivalue": (
        "Multivalue answer: all healthy sets together, eight of them by chance where there are more.",
        _GUIDE + "routing-policy-multivalue.html",
    ),
    "latency": (
        "Latency: the set of the region that is the fastest to reach from the region of the VPC that asks. vpcdns knows no "
        "latencies: distance on the map stands in for them.",
        _GUIDE + "routing-policy-latency-phz.html",
    ),
    "geolocation": (
        "Geolocation: the set of the smallest place (state, country, continent) that has the region of the VPC that asks in it, "
        "else the default; without one the answer is empty.",
        _GUIDE + "routing-policy-geo-phz.html",
    ),
    "geoproximity": (
        "Geoproximity: the set of the region that is the nearest to the region of the VPC that asks; a bias makes it nearer or "
        "farther than it is.",
        _GUIDE + "routing-policy-geoproximity.html",
    ),
}
