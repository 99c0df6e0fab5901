"""An endpoint of the file and all around it, and what it leads to."""

from __future__ import annotations

from typing import NamedTuple

from proxy.compile.catalogue import Service, partition_of, service_hint
from proxy.compile.ids import endpoint_id, vpc_id
from proxy.compile.problems import Problems
from proxy.compile.service_names import EndpointServices
from proxy.dns.names import Name
from proxy.settings.endpoints import LATTICE_TYPES
from proxy.settings.problems import Path
from proxy.settings.shape import EndpointSetting, Settings, VpcSetting


class Place(NamedTuple):
    """An endpoint of the file, and the VPC that it is in."""

    vpc: str
    vpc_setting: VpcSetting
    home: str  # the VPC's region
    handle: str
    setting: EndpointSetting

    @property
    def path(self) -> Path:
        """Where it stands in the file."""
        return ("vpcs", self.vpc, "endpoints", self.handle)

    @property
    def id(self) -> str:
        """Its id, with the word behind it that its DNS names have; those of a resource endpoint have another."""
        if self.setting.id is not None:
            return self.setting.id
        made = endpoint_id(self.vpc, self.handle)
        return made.rpartition("-")[0] if self.is_lattice else made

    @property
    def is_lattice(self) -> bool:
        """Whether it leads to resource configurations of VPC Lattice, and not to a service."""
        return self.setting.type in LATTICE_TYPES

    @property
    def vpc_id(self) -> str:
        """The id of its VPC."""
        return self.vpc_setting.id or vpc_id(self.vpc)

    @property
    def has_dns_attributes(self) -> bool:
        """Whether both of the VPC's DNS attributes are true, which private DNS needs."""
        return self.vpc_setting.enable_dns_support and self.vpc_setting.enable_dns_hostnames


class Target(NamedTuple):
    """The service that an endpoint leads to, and the region of it."""

    service: Service
    region: str
    local: bool  # in the endpoint's own region
    unverified: Name | None = None  # the service's private name, as long as nobody proved to own its domain

    @property
    def name(self) -> str:
        """The service's full name."""
        return self.service.full_name(self.region)

    @property
    def has_gateway(self) -> bool:
        """Whether there are endpoints of both kinds for it."""
        return {"interface", "gateway"} <= self.service.types


def place_of(vpc: str, handle: str, settings: Settings) -> Place:
    """The place of an endpoint."""
    setting = settings.vpcs[vpc]
    return Place(vpc, setting, setting.region or settings.region, handle, setting.endpoints[handle])


def find_target(place: Place, services: EndpointServices, problems: Problems) -> Target | None:
    """What an endpoint of the file leads to; None, and a problem, where there is no such service."""
    setting, path = place.setting, place.path
    word = setting.service or ""
    found = services.find(word, setting.region or place.home, setting.private_dns_names is not None)
    if found is None:
        hint = service_hint(word) or "a service that is new: write its full name, and private_dns_names"
        problems.add((*path, "service"), f"there is no endpoint service {word}", hint)
        return None
    region = found.region or setting.region or place.home
    if setting.region not in (None, region):
        problems.add((*path, "region"), f"{word} is of {region}, not of {setting.region}", "leave one of them out")
    _check(place, found.service, region, problems)
    return Target(found.service, region, region == place.home, services.unverified(found.service))


def _check(place: Place, service: Service, region: str, problems: Problems) -> None:
    name = service.full_name(region)
    theirs, ours = partition_of(region).name, partition_of(place.home).name
    if theirs != ours:
        problems.add(
            place.path,
            f"{name} is in partition {theirs}, and the VPC in {ours}",
            "endpoints do not lead from one partition into another",
        )
    if place.setting.type not in service.types:
        problems.add(
            (*place.path, "type"),
            f"InvalidParameter: there is no {place.setting.type} endpoint for {name}",
            f"its type is {' or '.join(sorted(service.types))}",
        )
