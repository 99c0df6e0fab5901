"""The names of endpoint services: one of the catalogue, or one that only its full name tells of.

>>> find_endpoint_service("com.amazonaws.us-west-2.brand.new", "us-east-1", names_are_given=True).service.label
'new.brand'
>>> find_endpoint_service("com.amazonaws.us-west-2.brand.new", "us-east-1", names_are_given=False)
"""

from __future__ import annotations

from proxy.compile.catalogue import Found, Service, find_service, is_region


def find_endpoint_service(text: str, region: str, names_are_given: bool) -> Found | None:
    """The service that an endpoint's `service` means; `region` is the one that it is asked for in.

    The catalogue cannot have services that are new.  Where the file itself gives the private names of one, its full name is
    enough: all but the private names follow from that.
    """
    return find_service(text, region) or (_by_rule(text.lower()) if names_are_given else None)


def _by_rule(text: str) -> Found | None:
    """The service of a full name, `com.amazonaws.REGION.NAME`: its endpoints have the labels of NAME, reversed."""
    labels = text.split(".")
    at = next((at for at, label in enumerate(labels) if is_region(label)), 0)
    if not at or at == len(labels) - 1:
        return None
    short = labels[at + 1 :]
    service = Service(
        short=".".join(short),
        types=frozenset(("interface",)),
        label=".".join(reversed(short)),
        private_dns=True,
        wildcard_only=False,
        regions=(),
        port=443,
        names=(),
        evidence="unknown",
        prefix=".".join((*labels[:at], "R")),
        vpce="R.vpce.S",
    )
    return Found(service, labels[at])
