"""The keys that a type of endpoint does not have: refused, never ignored."""

from __future__ import annotations

from proxy.compile.places import Place
from proxy.compile.problems import Problems

_ONLY_INTERFACE = (
    "InvalidParameter: DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints."
)
_GATEWAY_LOAD_BALANCER = "InvalidParameter: a Gateway Load Balancer endpoint has no private DNS"
_LATTICE = "is for endpoints of type resource and service_network"
_NO_LATTICE = {
    "domains": f"domains {_LATTICE}",
    "private_dns_specified_domains": f"private_dns_specified_domains {_LATTICE}",
}

_REFUSED = {
    "interface": _NO_LATTICE,
    "gateway": {
        **_NO_LATTICE,
        "subnets": "InvalidParameter: Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints.",
        "addresses": "a gateway endpoint has no addresses",
        "private_dns": "a gateway endpoint has no private DNS",
        "private_dns_names": "a gateway endpoint has no private DNS",
        "private_dns_only_for_inbound_resolver_endpoint": _ONLY_INTERFACE,
        "unhealthy_zones": "a gateway endpoint stands in no zone",
    },
    "gateway_load_balancer": {
        **_NO_LATTICE,
        "private_dns": _GATEWAY_LOAD_BALANCER,
        "private_dns_names": _GATEWAY_LOAD_BALANCER,
        "private_dns_only_for_inbound_resolver_endpoint": _ONLY_INTERFACE,
        "dns_record_ip_type": "a Gateway Load Balancer endpoint has no DNS names",
    },
    "resource": {
        "service": "a resource endpoint leads to domains, not to a service",
        "region": "a resource endpoint leads to its own region",
        "private_dns_names": "the private names of a resource endpoint are its domains",
        "private_dns_only_for_inbound_resolver_endpoint": _ONLY_INTERFACE,
    },
    "service_network": {
        "service": "a service network endpoint leads to domains, not to a service",
        "region": "a service network endpoint leads to its own region",
        "private_dns_names": "the private names of a service network endpoint are its domains",
        "private_dns_only_for_inbound_resolver_endpoint": _ONLY_INTERFACE,
    },
}


def check_keys(place: Place, problems: Problems) -> None:
    """Every key that says something, and that an endpoint of this type does not have, is a problem."""
    for key, refusal in _REFUSED[place.setting.type].items():
        if getattr(place.setting, key):
            problems.add((*place.path, key), refusal, "leave it out")
