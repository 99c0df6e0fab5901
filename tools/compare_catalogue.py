"""Compare the catalogue of endpoint services with what botocore knows: what is new there, what is different, what is gone.

    python -m tools.compare_catalogue

For whoever keeps `proxy/compile/services.txt`.  It needs botocore, which nothing else here does, and asks no network: the
endpoint rules come with botocore.  It changes nothing: a public host is not yet a private name, so each finding wants a look
at the service's page, or at `aws ec2 describe-vpc-endpoint-services`, before it gets a line.  R in the output is the region.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from proxy.compile.catalogue import Partition, Service, all_services, find_service, partition_of

# Most hosts are seen best in a region that is not special; services with one home have it in one of the others.
REGIONS = ("us-west-2", "us-east-1", "us-east-2")
MISSING = "this needs botocore, which is not installed here: python -m pip install botocore\n"


class Client(NamedTuple):
    """A client of botocore: its name, the older name in its endpoints, and its public hosts."""

    name: str
    prefix: str
    hosts: frozenset[str]  # by default
    further: frozenset[str]  # those of single operations, of FIPS and of dual-stack


class Names(NamedTuple):
    """All host names of the catalogue, with the short name of a service that has each."""

    exact: Mapping[str, str]

    def holds(self, host: str) -> bool:
        """True where a private name covers the host, its wildcards included."""
        return host in self.exact or f"*.{host.partition('.')[2]}" in self.exact


def main() -> int:
    """Print the findings, by kind; 1 where there is one, 2 where botocore is missing."""
    try:
        botocore = importlib.import_module("botocore")
    except ImportError:
        sys.stderr.write(MISSING)
        return 2
    data = Data()
    clients = list(data.clients())
    sections = compare(clients, data.partitions)
    sys.stdout.write(f"botocore {botocore.__version__}: {len(clients)} clients; {len(all_services())} services here\n")
    for title, lines in sections.items():
        sys.stdout.write(f"\n{title}: {len(lines)}\n" + "".join(f"  {line}\n" for line in sorted(lines)))
    return 1 if any(sections.values()) else 0


def compare(clients: Iterable[Client], partitions: Mapping[str, Any]) -> dict[str, list[str]]:
    """The findings by kind."""
    services, clients = all_services(), list(clients)
    names = Names({host: service.short for service in services for host in hosts_of(service)})
    public = frozenset().union(*(client.hosts | client.further for client in clients))
    new, different = [], []
    for client in clients:
        if any(names.holds(host) for host in client.hosts):
            continue
        found = find_service(client.name, REGIONS[0]) or find_service(client.prefix, REGIONS[0])
        said = f"{client.name}: {shown(client.hosts)}"
        if found is None:
            new.append(said)
        elif found.service.names:
            different.append(f"{said}, here {found.service.short}: {shown(hosts_of(found.service))}")
    return {
        "Clients with no line here": new,
        "Clients whose default host is not among the names of their line": different,
        "Lines whose names are from botocore, which has them no more": list(gone(services, public)),
        "Partitions": list(compare_partitions(partitions)),
    }


def shown(hosts: Iterable[str]) -> str:
    """Host names with R for the region, each once."""
    return " ".join(sorted({re.sub("|".join(REGIONS), "R", host) for host in hosts}))


def hosts_of(service: Service) -> set[str]:
    """Its names in the regions that are compared, those that are only possible among them."""
    regions = [region for region in REGIONS if region in service.regions] or REGIONS
    sure = service._replace(names=tuple(name._replace(confidence="confirmed") for name in service.names))
    return {host for region in regions for host in sure.private_names(region, dualstack=True)}


def gone(services: Iterable[Service], public: frozenset[str]) -> Iterator[str]:
    """The services of which some name is here because botocore has it, and that it has no more."""
    for service in services:
        only = service._replace(names=tuple(name for name in service.names if name.source == "B"))
        hosts = hosts_of(only)
        if hosts and not hosts & public:
            yield f"{service.short}: {shown(hosts)}"


def compare_partitions(partitions: Mapping[str, Any]) -> Iterator[str]:
    """Partitions with other suffixes, and regions that are taken for another partition's."""
    for theirs in partitions["partitions"]:
        outputs = theirs["outputs"]
        wanted = Partition(theirs["id"], outputs["dnsSuffix"], outputs["dualStackDnsSuffix"])
        for region in theirs["regions"]:
            if not region.endswith("-global") and partition_of(region) != wanted:
                yield f"{region}: {wanted}, here {partition_of(region)}"


class Data:
    """What botocore brings along."""

    def __init__(self) -> None:
        self.provider = importlib.import_module("botocore.endpoint_provider")
        self.errors = importlib.import_module("botocore.exceptions").EndpointProviderError
        self.loader = importlib.import_module("botocore.loaders").Loader()
        self.partitions: Mapping[str, Any] = self.loader.load_data("partitions")

    def clients(self) -> Iterator[Client]:
        """Every client that has a host when nothing but a region is said."""
        for name in self.loader.list_available_services("service-2"):
            model = self.loader.load_service_model(name, "service-2")
            operations = model["operations"].values()
            rules = self.loader.load_service_model(name, "endpoint-rule-set-1")
            kinds = [
                kind for kind in ({}, {"UseFIPS": True}, {"UseDualStack": True}) if kind.keys() <= rules["parameters"].keys()
            ]
            plain, *others = [frozenset(self._resolve(rules, kind, operations)) for kind in kinds]
            every = plain.union(*others)
            found = {operation.get("endpoint", {}).get("hostPrefix", "") for operation in operations}
            prefixes = [prefix for prefix in found if re.fullmatch(r"[a-z0-9.-]+", prefix)]
            further = {prefix + host for prefix in prefixes for host in every}
            if plain:
                yield Client(name, model["metadata"].get("endpointPrefix", name), plain, every | further)

    def _resolve(self, rules: Any, kind: Mapping[str, Any], operations: Iterable[Any]) -> Iterator[str]:
        provider = self.provider.EndpointProvider(rules, self.partitions)
        for said in self._said(operations):
            for region in REGIONS:
                given = {"Region": region, **kind, **said}
                taken = {key: value for key, value in given.items() if key in rules["parameters"]}
                with contextlib.suppress(self.errors):  # such clients are given their host, or have none in a region
                    yield urlsplit(provider.resolve_endpoint(**taken).url).hostname or ""

    @staticmethod
    def _said(operations: Iterable[Any]) -> list[dict[str, Any]]:
        """What operations say of themselves to the rules, such as that they are of the control plane; each once."""
        found = [operation.get("staticContextParams", {}).items() for operation in operations]
        every = [{key: value["value"] for key, value in items} for items in found]
        return [said for at, said in enumerate(every) if said not in every[:at]]


if __name__ == "__main__":
    sys.exit(main())
