"""The internet as the file describes it: what never goes upstream.

Endpoints' DNS names come first, and those of private APIs that have an endpoint's id in them, then single public names, then
public zones, the longest, then special-use names unless the file has servers of its own for them.  Only what none of them
covers is asked outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from proxy.dns.names import ROOT, Name, split_labels
from proxy.dns.records import RecordSet
from proxy.dns.write import Sections
from proxy.model.answers import Answer, Route
from proxy.model.claims import Internet, Node, Zone
from proxy.model.steps import RecordsFound, Trace, TypeMissing
from proxy.resolve.zones import look_in, look_up

Found = TypeVar("Found")

_WILDCARD_LABEL = b"\x01*"
_API_ID = b"-vpce-"


def look_up_outside(internet: Internet, name: bytes, kind: int, trace: Trace | None) -> Answer | RecordSet | None:
    """The answer of the file's own internet, or the CNAME that leads on; None where it does not cover the name."""
    # Most files lack most of these, and every name of the internet comes by here.
    if internet.endpoint_zones and (zone := _endpoint_zone(internet, name)) is not None:
        return look_up(zone, name, kind, trace)
    if internet.api_names and (node := _private_api(internet, name)) is not None:
        return _look_up_single(internet, name, (name, node), kind, trace)
    if internet.names and (owner := _single_name(internet, name)) is not None:
        return _look_up_single(internet, name, (owner, internet.names[owner]), kind, trace)
    zone = (internet.zones and find_longest(internet.zones, name)) or _special_zone(internet, name)
    return None if zone is None else look_up(zone, name, kind, trace)


def way_beyond(internet: Internet, name: bytes) -> Route | Zone | None:
    """Where a name is asked that the file's own internet does not cover; None where it may not be."""
    return (internet.domains and find_longest(internet.domains, name)) or internet.beyond


def covers(internet: Internet, name: bytes) -> bool:
    """True where the file's own internet decides about `name`."""
    return (
        _endpoint_zone(internet, name) is not None
        or _private_api(internet, name) is not None
        or _single_name(internet, name) is not None
        or find_longest(internet.zones, name) is not None
        or _special_zone(internet, name) is not None
    )


def _endpoint_zone(internet: Internet, name: bytes) -> Zone | None:
    """The zone of endpoints' names that holds `name`: one with the id of an endpoint of the file in front of a label."""
    zone = find_longest(internet.endpoint_zones, name)
    if zone is None or not any((label + b"-").startswith(internet.endpoint_ids) for label in split_labels(name)):
        return None
    return zone


def _private_api(internet: Internet, name: bytes) -> Node | None:
    """What answers for the name of a private API with the id of an endpoint of the file behind it."""
    at = name.rfind(_API_ID, 1, 1 + name[0])
    return internet.api_names.get(name[at + 1 :]) if at > 1 else None


def _special_zone(internet: Internet, name: bytes) -> Zone | None:
    """The zone of special-use names that holds `name`, unless a domain with servers of its own is as long."""
    zone = find_longest(internet.special, name)
    if zone is None or any(len(suffix) >= len(zone.name) and suffix in internet.domains for suffix in Name(name).suffixes()):
        return None
    return zone


def _single_name(internet: Internet, name: bytes) -> bytes | None:
    """The key of `internet.names` that answers for `name`: itself, or the wildcard next above it."""
    names = internet.names
    if name in names:
        return name
    while name != ROOT:
        name = name[name[0] + 1 :]
        if _WILDCARD_LABEL + name in names:
            return _WILDCARD_LABEL + name
        if name in names:
            return None
    return None


def _look_up_single(
    internet: Internet, name: bytes, found_at: tuple[bytes, Node], kind: int, trace: Trace | None
) -> Answer | RecordSet:
    owner, node = found_at
    found = look_in(node, kind)
    if found is None:
        zone = find_longest(internet.zones, name)
        soa = Name(name).parent() if zone is None else zone.name, internet.soa
        reason = next(iter(node.answers.values())).reason
        found = Answer(Sections(authority=(soa,)), reason)
        if trace is not None:
            trace(TypeMissing(Name(name), kind, reason))
    elif trace is not None and isinstance(found, Answer):
        trace(RecordsFound(Name(name), kind, found.reason, Name(owner) if owner != name else None))
    return found


def find_longest(table: Mapping[bytes, Found], name: bytes) -> Found | None:
    """The value of the longest name that `name` equals or stands below."""
    if not table:
        return None
    while name not in table:
        if name == ROOT:
            return None
        name = name[name[0] + 1 :]
    return table[name]
