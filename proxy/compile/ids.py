"""Ids that a file leaves out: made up from names, and so the same at every start and on every machine.

>>> vpc_id("app")
'vpc-060119a1d4a4d6e76'
>>> endpoint_id("app", "cloudwatch")
'vpce-09538a7cda8b37635-dh5am3np'
"""

from __future__ import annotations

import base64
import hashlib


def vpc_id(name: str) -> str:
    """The id of the VPC `name`."""
    return "vpc-0" + _digest("vpc", name).hex()[:16]


def instance_id(vpc: str, name: str) -> str:
    """The id of the instance `name` of a VPC."""
    return "i-0" + _digest("i", vpc, name).hex()[:16]


def endpoint_id(vpc: str, handle: str) -> str:
    """The id of an endpoint with the word that AWS puts behind it in DNS names."""
    digest = _digest("vpce", vpc, handle)
    return f"vpce-0{digest.hex()[:16]}-{_letters(digest[16:])[:8].lower()}"


def service_id(name: str) -> str:
    """The id of an endpoint service under `endpoint_services`."""
    return "vpce-svc-0" + _digest("vpce-svc", name).hex()[:16]


def configuration_id(vpc: str, handle: str, domain: str) -> str:
    """The id of a resource configuration with the hash that AWS puts behind it in DNS names."""
    digest = _digest("rcfg", vpc, handle, domain).hex()
    return f"rcfg-0{digest[:16]}.{digest[16:23]}"


def association_id(vpc: str, handle: str, domain: str) -> str:
    """The id of the association of a resource configuration with an endpoint."""
    return "snra-0" + _digest("snra", vpc, handle, domain).hex()[:16]


def inbound_endpoint_id(vpc: str, name: str) -> str:
    """The id of an inbound resolver endpoint."""
    return "rslvr-in-0" + _digest("rslvr-in", vpc, name).hex()[:16]


def rule_id(*parts: str) -> str:
    """The id of a resolver rule that is told from others by `parts`."""
    return f"rslvr-rr-0{_digest('rule', *parts).hex()[:16]}"


def rule_group_id(group: str) -> str:
    """The id of a DNS Firewall rule group."""
    return f"rslvr-frg-0{_digest('rslvr-frg', group).hex()[:16]}"


def domain_list_id(group: str, rule: str) -> str:
    """The id of the domain list of a rule of such a group."""
    return f"rslvr-fdl-0{_digest('rslvr-fdl', group, rule).hex()[:16]}"


def zone_id(*parts: str) -> str:
    """The id of a hosted zone that is told from others by `parts`."""
    return "Z0" + _letters(_digest("zone", *parts))[:19]


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _letters(digest: bytes) -> str:
    return base64.b32encode(digest).decode("ascii")
