"""The short form, `endpoints` at the top of a file, written out as what it stands for: one VPC and its zones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from proxy.compile.catalogue import find_service, service_hint
from proxy.compile.problems import Problems
from proxy.dns.codes import TYPE_A, TYPE_AAAA
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import Name
from proxy.settings.problems import Path
from proxy.settings.shape import Address, EndpointSetting, PrivateZoneSetting, RecordSpec, Settings, VpcSetting

SHORT_VPC = "vpc"


def expand_short_form(settings: Settings, problems: Problems) -> Settings:
    """The same settings without a short form.

    A key is a service of the catalogue, whose private names then lead to the addresses, or else a host name: a private zone of
    that name alone.
    """
    endpoints: dict[str, EndpointSetting] = {}
    zones: list[PrivateZoneSetting] = []
    for word, addresses in settings.short_endpoints.items():
        path: Path = ("endpoints", word)
        found = find_service(word, settings.region)
        if found is not None:
            problems.moved["vpcs", SHORT_VPC, "endpoints", word] = path
            # What S3's default would keep for inbound endpoints, a file without any wants at once.
            only_inbound = False if "gateway" in found.service.types else None
            endpoints[word] = EndpointSetting(
                word,
                addresses=addresses,
                private_dns=True,
                private_dns_only_for_inbound_resolver_endpoint=only_inbound,
            )
        elif "." in word:
            problems.moved["private_zones", len(settings.private_zones) + len(zones)] = path
            zones.extend(_zone(word, addresses, path, problems))
        else:
            problems.add(path, f"{word} is neither a service nor a host name", service_hint(word))
    if not settings.short_endpoints:
        return settings
    return replace(
        settings,
        short_endpoints={},
        vpcs={SHORT_VPC: VpcSetting(endpoints=endpoints)},
        private_zones=(*settings.private_zones, *zones),
    )


def _zone(word: str, addresses: Iterable[Address], path: Path, problems: Problems) -> Iterable[PrivateZoneSetting]:
    try:
        name = Name.from_text(word)
    except MalformedMessage as error:
        problems.add(path, error.what)
        return
    by_type = {
        kind: tuple(str(address) for address in addresses if address.version == version)
        for kind, version in ((TYPE_A, 4), (TYPE_AAAA, 6))
    }
    records = tuple(RecordSpec(name, kind, values, None, path) for kind, values in by_type.items() if values)
    yield PrivateZoneSetting(name, vpcs=(SHORT_VPC,), records=records)
