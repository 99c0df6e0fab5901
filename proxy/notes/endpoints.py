"""Notes on endpoints, each by itself and with the others of its VPC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from proxy.compile.catalogue import Service, find_service
from proxy.notes.note import Note
from proxy.settings.problems import Path
from proxy.settings.shape import EndpointSetting, Settings, VpcSetting

_NEEDS = {
    "ecr.dkr": (("ecr.api", "to log in"), ("s3", "for the layers of images")),
    "ecr.api": (("ecr.dkr", "to pull images"),),
    "ecs-agent": (("ecs", "to join a cluster"), ("ecs-telemetry", "to tell how it is")),
    "ssm": (("ssmmessages", "for sessions and commands"),),
    "codeartifact.api": (("codeartifact.repositories", "for the packages"),),
    "codeartifact.repositories": (("codeartifact.api", "to log in"), ("s3", "for the packages' files")),
}
"""Services of no use without others, by their pages on "interface VPC endpoints"."""

_LATTICE = ("resource", "service_network")
_THERE = ("pending", "available", "deleting")


class _Seen(NamedTuple):
    """An endpoint, and what it leads to where the catalogue has it; `short` is empty where it does not."""

    path: Path
    vpc: VpcSetting
    setting: EndpointSetting
    home: str
    region: str
    service: Service | None

    @property
    def short(self) -> str:
        return self.service.short if self.service is not None else ""

    @property
    def wants_names(self) -> bool:
        """Whether private DNS is on, said or by default."""
        if self.setting.private_dns is not None or self.service is None:
            return bool(self.setting.private_dns)
        return self.setting.type == "interface" and self.service.private_dns


def endpoint_notes(settings: Settings) -> Iterator[Note]:
    """All notes on all endpoints, in the order of the file."""
    for name, vpc in settings.vpcs.items():
        every = [_see(("vpcs", name, "endpoints", handle), vpc, each, settings) for handle, each in vpc.endpoints.items()]
        for seen in every:
            yield from (Note(seen.path, what) for look in _LOOKS for what in look(seen))
            yield from (Note(seen.path, what) for what in _missing(seen, {other.short for other in every}))


def _see(path: Path, vpc: VpcSetting, setting: EndpointSetting, settings: Settings) -> _Seen:
    home = vpc.region or settings.region
    own = setting.service is None or setting.service in settings.endpoint_services
    found = None if own else find_service(setting.service or "", setting.region or home)
    region = (found.region if found else None) or setting.region or home
    return _Seen(path, vpc, setting, home, region, found.service if found else None)


def _without_addresses(seen: _Seen) -> Iterator[str]:
    setting = seen.setting
    if setting.type != "gateway" and setting.state in _THERE and not setting.subnets and not setting.addresses:
        yield "it has no subnet and no address, so all its names are empty answers, its private names too"


def _in_one_zone(seen: _Seen) -> Iterator[str]:
    subnets = seen.vpc.subnets
    zones = {subnets[name].az for name in seen.setting.subnets or () if name in subnets}
    others = sorted({subnet.az for subnet in subnets.values()} - zones)
    if len(zones) == 1 and others and seen.setting.type != "gateway_load_balancer":
        yield f"it stands in {min(zones)} alone: clients in {' and '.join(others)} go there, and lose it with that zone"


def _gateway(seen: _Seen) -> Iterator[str]:
    setting = seen.setting
    needed = any(other.type == "interface" and other.service == setting.service for other in seen.vpc.endpoints.values())
    if setting.type == "gateway" and setting.dns_record_ip_type in (None, "service-defined") and not needed:
        yield "a gateway endpoint is a route: no name leads to it, and it changes no answer"


def _for_inbound_alone(seen: _Seen) -> Iterator[str]:
    setting = seen.setting
    if seen.short == "s3" and setting.type == "interface" and seen.wants_names and not seen.vpc.inbound_endpoints:
        only = setting.private_dns_only_for_inbound_resolver_endpoint
        if only or (only is None and seen.region == seen.home):
            yield (
                "its private names are for inbound resolver endpoints alone (private_dns_only_for_inbound_resolver_endpoint, "
                "true by default), and the VPC has none, so nobody sees them"
            )


def _every_api(seen: _Seen) -> Iterator[str]:
    if seen.short == "execute-api" and seen.wants_names:
        yield (
            "with private DNS every API of API Gateway in the region leads here, public ones too, which answer 403 then: give "
            "those a custom domain name, or say private_dns: false and call private ones as API-ENDPOINT.execute-api…"
        )


def _names_without_effect(seen: _Seen) -> Iterator[str]:
    setting = seen.setting
    if setting.private_dns_names and setting.private_dns is False:
        yield "its private_dns_names do nothing, because private_dns is false"
    if setting.private_dns_specified_domains and "specified" not in setting.private_dns_preference:
        yield f"its private_dns_specified_domains do nothing with the preference {setting.private_dns_preference}"
    if setting.type in _LATTICE and setting.domains and not setting.private_dns and not _has_arn(setting):
        yield "its domains do not lead to it, because private_dns is not true"


def _has_arn(setting: EndpointSetting) -> bool:
    return any(domain.arn for domain in setting.domains.values())


def _not_there_yet(seen: _Seen) -> Iterator[str]:
    if seen.setting.type != "gateway" and seen.setting.state not in ("available", "deleting"):
        yield f"in state {seen.setting.state} no private name leads to it"


def _not_offered(seen: _Seen) -> Iterator[str]:
    if seen.service is not None and not seen.service.is_offered(seen.region):
        yield (
            f"as far as is known, {seen.short} is in {' and '.join(seen.service.regions)} alone, and not in {seen.region}: "
            "say region"
        )


def _guessed(seen: _Seen) -> Iterator[str]:
    if seen.service is None or not seen.wants_names or seen.setting.private_dns_names is not None:
        return
    if seen.service.evidence == "inferred":
        yield "its private names follow from AWS's rule for names, which nobody has confirmed: private_dns_names gives others"


_LOOKS: tuple[Callable[[_Seen], Iterator[str]], ...] = (
    _without_addresses,
    _in_one_zone,
    _gateway,
    _for_inbound_alone,
    _every_api,
    _names_without_effect,
    _not_there_yet,
    _not_offered,
    _guessed,
)


def _missing(seen: _Seen, there: set[str]) -> Iterator[str]:
    needed = [f"{short} {why}" for short, why in _NEEDS.get(seen.short, ()) if short not in there]
    if needed:
        yield f"{seen.short} needs {' and '.join(needed)} too, for which the VPC has no endpoint"
