"""`dns_record_ip_type`: which records an endpoint's names have, of the addresses that it has.

AWS PrivateLink, "DNS record IP type".  What `service-defined` means for an interface endpoint two texts of AWS tell
differently; here it is A records for private names, and both kinds for the endpoint's own names (AWS CDK,
`VpcEndpointDnsRecordIpType`).
"""

from __future__ import annotations

from collections.abc import Iterable

from proxy.compile.interfaces import Interface
from proxy.compile.problems import Problems
from proxy.dns.codes import TYPE_A, TYPE_AAAA
from proxy.dns.records import RecordSet
from proxy.dns.text import pack_rdata
from proxy.settings.problems import Path
from proxy.settings.shape import EndpointSetting

TTL = 60

_ALLOWED = {
    ("interface", "ipv4"): ("ipv4",),
    ("interface", "ipv6"): ("ipv6",),
    ("interface", "dualstack"): ("dualstack", "ipv4", "ipv6", "service-defined"),
    ("gateway", "ipv4"): ("service-defined", "ipv4"),
    ("gateway", "ipv6"): ("service-defined", "ipv6"),
    ("gateway", "dualstack"): ("service-defined", "ipv4", "ipv6", "dualstack"),
}
"""What fits an endpoint with interfaces, or a gateway endpoint, of a kind of addresses; the default first."""

_BOTH = (TYPE_A, TYPE_AAAA)
TYPES = {"ipv4": (TYPE_A,), "ipv6": (TYPE_AAAA,), "dualstack": _BOTH, "service-defined": _BOTH}
PRIVATE_TYPES = {**TYPES, "service-defined": (TYPE_A,)}
_VERSION = {TYPE_A: 4, TYPE_AAAA: 6}

Sets = dict[int, RecordSet]
"""The record sets of one name, by type."""


def record_ip_type(setting: EndpointSetting, ip_type: str, path: Path, problems: Problems) -> str:
    """The kind of records that an endpoint has, ipv4, ipv6, dualstack or service-defined; one that does not fit is a problem."""
    allowed = _ALLOWED["gateway" if setting.type == "gateway" else "interface", ip_type]
    wanted = setting.dns_record_ip_type
    if wanted is None:
        return allowed[0]
    if wanted not in allowed:
        problems.add(
            path,
            f"dns_record_ip_type {wanted} does not fit ip_address_type {ip_type}",
            f"it can be {' or '.join(allowed)}",
        )
    return wanted


def address_sets(interfaces: Iterable[Interface], types: Iterable[int]) -> Sets:
    """The record sets of `types` with the addresses of `interfaces`; a type without any has none."""
    every = [address for interface in interfaces for address in interface.addresses]
    found = {kind: dict.fromkeys(str(each) for each in every if each.version == _VERSION[kind]) for kind in types}
    return {
        kind: RecordSet.pack(kind, TTL, [pack_rdata(kind, text) for text in texts]) for kind, texts in found.items() if texts
    }
