"""The names of endpoint services: one of the file's own, one of the catalogue, or one that only its full name tells of.

>>> services = EndpointServices(Settings(), Problems())
>>> services.find("com.amazonaws.us-west-2.brand.new", "us-east-1", names_are_given=True).service.label
'new.brand'
>>> services.find("com.amazonaws.us-west-2.brand.new", "us-east-1", names_are_given=False)
>>> found = services.find("com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0", "us-east-1", names_are_given=False)
>>> found.service.label, found.region
('vpce-svc-0123456789abcdef0', 'eu-west-1')
"""

from __future__ import annotations

from typing import NamedTuple

from proxy.compile.catalogue import Found, HostName, Service, find_service, is_region
from proxy.compile.ids import service_id
from proxy.compile.problems import Problems
from proxy.dns.names import Name
from proxy.settings.shape import EndpointServiceSetting, Settings

_CUSTOMER_PREFIX = "com.amazonaws.vpce"
_CUSTOMER_TYPES = frozenset(("interface", "gateway_load_balancer"))


class OwnService(NamedTuple):
    """A service under `endpoint_services`, its region, and its private name as long as nobody proved to own its domain."""

    service: Service
    region: str
    unverified: Name | None

    @property
    def base_name(self) -> Name:
        """`vpce-svc-….REGION.vpce.amazonaws.com`, which has no record of its own as far as is known."""
        return Name.from_text(f"{self.service.label}.{self.service.vpce_zone(self.region)}")


class EndpointServices:
    """All services that endpoints can be for."""

    def __init__(self, settings: Settings, problems: Problems) -> None:
        self._own = own_services(settings)
        self._by_id = {own.service.short: own for own in self._own.values()}
        holders: dict[str, str] = {}
        for name, own in self._own.items():
            holder = holders.setdefault(own.service.short, name)
            if holder != name:
                what = f"{own.service.short} is the id of endpoint service {holder} already"
                problems.add(("endpoint_services", name, "id"), what, "give another")

    def find(self, text: str, region: str, names_are_given: bool) -> Found | None:
        """The service that an endpoint's `service` means; `region` is the one that it is asked for in.

        The catalogue cannot have services that are new.  Where the file itself gives the private names of one, its full name
        is enough: all but the private names follow from that.
        """
        own = self._own.get(text)
        if own is not None:
            return Found(own.service, own.region)
        text = text.lower()
        customers = _find_customers(text)
        if customers is not None:
            own = self._by_id.get(customers.service.short)
            if own is None:
                return customers
            return Found(own.service, own.region) if customers.region in (None, own.region) else None
        return find_service(text, region) or (_by_rule(text) if names_are_given else None)

    def unverified(self, service: Service) -> Name | None:
        """The private name of one of the file's own services, if it is not verified."""
        own = self._by_id.get(service.short)
        return own.unverified if own is not None else None


def own_services(settings: Settings) -> dict[str, OwnService]:
    """The file's own services, by their names in it."""
    return {name: _own_service(name, each, settings.region) for name, each in settings.endpoint_services.items()}


def _own_service(name: str, setting: EndpointServiceSetting, region: str) -> OwnService:
    given = setting.private_dns_name
    names = () if given is None else (HostName(str(given), "confirmed", "", frozenset(), ""),)
    unverified = None if setting.private_dns_name_state == "verified" else given
    return OwnService(_customers(setting.id or service_id(name), names), setting.region or region, unverified)


def _find_customers(text: str) -> Found | None:
    """A service of somebody else that the file does not tell of, by its id or its full name; it has no private name."""
    *before, ident = text.split(".")
    if not ident.startswith("vpce-svc-"):
        return None
    region = before[-1] if before else None
    prefix = f"{_CUSTOMER_PREFIX}.{region}".split(".")
    return Found(_customers(ident, ()), region) if before in ([], prefix, ["cn", *prefix]) else None


def _customers(ident: str, names: tuple[HostName, ...]) -> Service:
    """A service that is not AWS's: `vpce-svc-…` is its name and the label of its endpoints."""
    return _service(ident, ident, _CUSTOMER_TYPES, names, f"{_CUSTOMER_PREFIX}.R", is_aws=False)


def _by_rule(text: str) -> Found | None:
    """The service of a full name, `com.amazonaws.REGION.NAME`: its endpoints have the labels of NAME, reversed."""
    labels = text.split(".")
    at = next((at for at, label in enumerate(labels) if is_region(label)), 0)
    if not at or at == len(labels) - 1:
        return None
    short = labels[at + 1 :]
    label, prefix = ".".join(reversed(short)), ".".join((*labels[:at], "R"))
    return Found(_service(".".join(short), label, frozenset(("interface",)), (), prefix, is_aws=True), labels[at])


def _service(
    short: str, label: str, types: frozenset[str], names: tuple[HostName, ...], prefix: str, *, is_aws: bool
) -> Service:
    return Service(
        short=short,
        types=types,
        label=label,
        private_dns=is_aws,
        wildcard_only=False,
        regions=(),
        port=443,
        names=names,
        evidence="unknown",
        prefix=prefix,
        vpce="R.vpce.S",
    )
