"""Resource and service-network endpoints: the names of the resource configurations that they lead to.

Each configuration has a public name under `vpc-lattice-rsc.REGION.on.aws` (AWS PrivateLink, "Access VPC resources"), and may
have a domain, for which there is a hidden zone if private DNS is on and the endpoint's preference wants it (VPC Lattice,
"Custom domain names for resource consumers").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from proxy.compile.catalogue import partition_of
from proxy.compile.ids import association_id, configuration_id
from proxy.compile.places import Place
from proxy.compile.private_names import check_private_dns
from proxy.compile.problems import Problems
from proxy.dns.names import Name
from proxy.settings.problems import did_you_mean
from proxy.settings.shape import DomainSetting, EndpointSetting

_WILDCARD_LABEL = b"\x01*"
_MOST_SPECIFIED = 10
_PREFERENCES = {
    "verified_domains_only": (True, False),
    "all_domains": (True, True),
    "verified_domains_and_specified_domains": (True, False),
    "specified_domains_only": (False, False),
}
"""Whether a preference takes domains that are verified, and others, for that alone."""


class Configuration(NamedTuple):
    """A resource configuration: its public name, and the domain that leads to it inside the VPC, if one does."""

    dns_name: Name
    private_name: Name | None


def lattice_zone(region: str) -> Name:
    """What the public names of a region's resource configurations are under."""
    return Name.from_text(f"vpc-lattice-rsc.{region}.on.{partition_of(region).dualstack_suffix.removeprefix('api.')}")


def configurations(place: Place, vpcs: Iterable[str], problems: Problems) -> Iterator[Configuration]:
    """What an endpoint leads to.  `vpcs` are those of the file."""
    setting = place.setting
    if setting.private_dns:
        check_private_dns(place, problems)
    _check_specified(place, problems)
    for domain, its in setting.domains.items():
        if its.resource_gateway is not None and its.resource_gateway not in vpcs:
            path = (*place.path, "domains", str(domain), "resource_gateway")
            problems.add(path, f"there is no VPC {its.resource_gateway}", did_you_mean(its.resource_gateway, vpcs))
        wanted = its.resource_gateway != place.vpc if its.arn else _is_wanted(domain, its, setting)
        yield Configuration(_dns_name(place, str(domain), its.id), domain if wanted else None)
    if setting.type == "resource" and not setting.domains:
        yield Configuration(_dns_name(place, "", None), None)


def _is_wanted(domain: Name, its: DomainSetting, setting: EndpointSetting) -> bool:
    if not setting.private_dns:
        return False
    verified, others = _PREFERENCES[setting.private_dns_preference]
    if others or (verified and its.verified):
        return True
    return _uses_specified(setting) and any(_covers(each, domain) for each in setting.private_dns_specified_domains)


def _uses_specified(setting: EndpointSetting) -> bool:
    return "specified" in setting.private_dns_preference


def _covers(specified: Name, domain: Name) -> bool:
    return specified == domain or (
        specified.startswith(_WILDCARD_LABEL) and specified.parent() in Name(domain).parent().suffixes()
    )


def _check_specified(place: Place, problems: Problems) -> None:
    setting = place.setting
    least = 1 if setting.private_dns and _uses_specified(setting) else 0
    if not least <= len(setting.private_dns_specified_domains) <= _MOST_SPECIFIED:
        problems.add(
            (*place.path, "private_dns_specified_domains"),
            f"there are {len(setting.private_dns_specified_domains)} specified domains",
            f"the preference {setting.private_dns_preference} takes {least} to {_MOST_SPECIFIED} of them",
        )


def _dns_name(place: Place, domain: str, ident: str | None) -> Name:
    label = place.id if "-snra-" in place.id else f"{place.id}-{association_id(place.vpc, place.handle, domain)}"
    made = configuration_id(place.vpc, place.handle, domain)
    hashed = ident if ident and "." in ident else f"{ident or made.partition('.')[0]}.{made.partition('.')[2]}"
    return Name.from_text(f"{label}.{hashed}.{lattice_zone(place.home)}")
