"""Where aliases lead, and what Route 53 would refuse of them ("AliasTarget" of the API, ChangeResourceRecordSets).

An alias is no CNAME: it answers for its own type alone, with the records of its target as if they were its own.  In a private
zone the target is an interface endpoint, another record set of the same zone, or an AWS resource with a public name.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from proxy.compile.endpoints import Endpoint
from proxy.compile.problems import Problems
from proxy.dns.codes import TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_NS, TYPE_SOA, type_word
from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.nouns import dataclass
from proxy.settings.problems import did_you_mean
from proxy.settings.shape import AliasTarget, PrivateZoneSetting, RecordSpec
from proxy.settings.takes import Wrong

Key = tuple[Name, int]
"""A name and a type: what has one record set, or several with a routing policy."""

_WILDCARD_LABEL = b"\x01*"
_CLOUDFRONT = tuple(map(Name.from_text, ("cloudfront.net", "cloudfront.cn")))
_AMAZON = tuple(map(Name.from_text, ("amazonaws.com", "amazonaws.com.cn")))
_OF_AMAZON = (b"elb", b"execute-api", b"vpce", b"appsync-api")
_OTHERS = tuple(map(Name.from_text, ("elasticbeanstalk.com", "awsglobalaccelerator.com", "awsapprunner.com", "on.aws")))


class InZone(NamedTuple):
    """A record set of the same zone and of the alias's type, or several of them."""

    name: Name

    def __str__(self) -> str:
        return str(self.name)


class AtEndpoint(NamedTuple):
    """An endpoint: in words, and what it has of the alias's type, if anything."""

    words: str
    found: RecordSet | None

    def __str__(self) -> str:
        return self.words


class Outside(NamedTuple):
    """An AWS resource, by its public name."""

    name: Name

    def __str__(self) -> str:
        return f"{self.name}, looked up as a public name"


Target = InZone | AtEndpoint | Outside


@dataclass(frozen=True, slots=True)
class Aliases:
    """What the aliases of one zone can lead to: `keys` are the names and types in it, `endpoints` those of every VPC."""

    zone: PrivateZoneSetting
    zone_id: str
    keys: Container[Key]
    endpoints: Mapping[str, Sequence[Endpoint]]
    problems: Problems

    def find(self, spec: RecordSpec, alias: AliasTarget) -> Target | None:
        """The target of an alias; None, and a problem, where Route 53 would refuse it."""
        if spec.ttl is not None:
            self.problems.add(spec.path, "InvalidInput: an alias has no ttl", "it has that of its target: leave ttl out")
        try:
            return self._find(spec, *alias)
        except Wrong as wrong:
            self.problems.add(spec.path, wrong.what, wrong.hint)
            return None

    def _find(self, spec: RecordSpec, text: str, name: Name) -> Target:
        if spec.type in (TYPE_NS, TYPE_SOA):
            raise Wrong(f"InvalidInput: an alias cannot be of type {type_word(spec.type)}", "write its records")
        if name.is_under(self.zone.name):
            return self._in_zone(spec, name)
        found = self._endpoints(text)
        if found or "/" in text or "." not in text:
            return self._at_handle(spec, text, found)
        return self._by_name(spec, name)

    def _in_zone(self, spec: RecordSpec, name: Name) -> Target:
        if (name, spec.type) in self.keys:
            return InZone(name)
        refused = self._tried(spec, name)
        if (name, TYPE_CNAME) not in self.keys:
            raise Wrong(f"{refused} but that target was not found", f"give {name} a record of that type")
        if spec.owner == self.zone.name:
            raise Wrong(f"{refused} but an alias at the apex cannot lead to a CNAME", "lead it to what that leads to")
        what = f"{refused} but that target was not found: it has a CNAME"
        raise Wrong(what, "write type: CNAME, or lead the alias to what that leads to")

    def _endpoints(self, text: str) -> list[Endpoint]:
        """The endpoints whose handle, with or without its VPC, is `text`: those of the zone's VPCs if there are any."""
        every = [each for made in self.endpoints.values() for each in made]
        if "/" in text:
            return [each for each in every if f"{each.vpc}/{each.handle}" == text]
        named = [each for each in every if each.handle == text]
        return [each for each in named if each.vpc in self.zone.vpcs] or named

    def _at_handle(self, spec: RecordSpec, text: str, found: list[Endpoint]) -> Target:
        if not found:
            handles = [f"{each.vpc}/{each.handle}" for made in self.endpoints.values() for each in made]
            hint = did_you_mean(text, handles if "/" in text else [each.partition("/")[2] for each in handles])
            raise Wrong(f"there is no endpoint {text}", hint or f"a name of this zone is written whole, to {self.zone.name}")
        if len(found) > 1:
            known = ", ".join(f"{each.vpc}/{each.handle}" for each in found)
            raise Wrong(f"{text} is an endpoint of more than one VPC", f"write one of {known}")
        (endpoint,) = found
        if endpoint.vpce_zone is None:
            what = f"{_words(endpoint)} is a gateway endpoint, which has no DNS name"
            raise Wrong(what, "name an interface endpoint")
        regional: Mapping[int, RecordSet] = next(iter(endpoint.dns_names.values()), {})
        self._check_type(spec, next(iter(endpoint.dns_names), endpoint.vpce_zone))
        return AtEndpoint(_words(endpoint), regional.get(spec.type))

    def _by_name(self, spec: RecordSpec, name: Name) -> Target:
        for made in self.endpoints.values():
            for endpoint in made:
                if _has_id(name, endpoint):
                    return self._at_name(spec, name, endpoint)
        if any(name.is_under(suffix) for suffix in _CLOUDFRONT):
            what = f"an alias to the CloudFront distribution {name} cannot be created in a private zone"
            raise Wrong(f"InvalidChangeBatch: {what}", "write a CNAME record")
        if not _is_of_aws(name):
            hint = f"it lies outside of {self.zone.name}, and is no AWS resource that an alias can lead to: write a CNAME record"
            raise Wrong(f"{self._tried(spec, name)} but the alias target name does not lie within the target zone", hint)
        self._check_type(spec, name)
        return Outside(name)

    def _at_name(self, spec: RecordSpec, name: Name, endpoint: Endpoint) -> Target:
        """An endpoint by one of its DNS names.  One that is not made yet has none, and answers nothing."""
        self._check_type(spec, name)
        names = endpoint.dns_names
        known = name if name in names else Name(_WILDCARD_LABEL + name.parent())
        if names and known not in names:
            hint = f"its names are {', '.join(map(str, names))}"
            raise Wrong(f"{self._tried(spec, name)} but that target was not found", hint)
        sets: Mapping[int, RecordSet] = names.get(known, {})
        return AtEndpoint(f"{_words(endpoint)}, by its name {name}", sets.get(spec.type))

    def _check_type(self, spec: RecordSpec, name: Name) -> None:
        if spec.type not in (TYPE_A, TYPE_AAAA):
            raise Wrong(f"{self._tried(spec, name)} but that target was not found", "an alias to it is of type A or AAAA")

    def _tried(self, spec: RecordSpec, name: Name) -> str:
        kind = type_word(spec.type)
        return f"InvalidChangeBatch: Tried to create an alias that targets {name}., type {kind} in zone {self.zone_id},"


def targets_first(targets: Mapping[Key, Sequence[tuple[RecordSpec, Target]]], problems: Problems) -> list[Key]:
    """The keys in an order in which each comes after those that its aliases lead to.

    Aliases that lead back to themselves are a problem, as Route 53 lets nobody make the last of them.
    """
    leads = {key: [to for _, target in found for to in _onward(key, target)] for key, found in targets.items()}
    while True:
        try:
            return list(TopologicalSorter(leads).static_order())
        except CycleError as error:
            round_trip: list[Key] = error.args[1][:0:-1]
            first = round_trip.index(min(round_trip, key=list(targets).index))
            loop = [*round_trip[first:], *round_trip[: first + 1]]
            spec = next(spec for spec, target in targets[loop[0]] if loop[1] in _onward(loop[0], target))
            names = " -> ".join(str(name) for name, _ in loop)
            problems.add(spec.path, f"InvalidChangeBatch: the aliases lead round in a loop: {names}", "lead one of them out")
            leads[loop[0]] = []


def _onward(key: Key, target: Target) -> list[Key]:
    """Where an alias at `key` leads to inside of its zone."""
    return [(target.name, key[1])] if isinstance(target, InZone) else []


def _words(endpoint: Endpoint) -> str:
    return f"endpoint {endpoint.vpc}/{endpoint.handle}"


def _has_id(name: Name, endpoint: Endpoint) -> bool:
    ident = endpoint.id.encode("ascii")
    return any(label == ident or label.startswith(ident + b"-") for label in name.labels())


def _is_of_aws(name: Name) -> bool:
    """Whether a name is that of an AWS resource that an alias can lead to."""
    if any(name.is_under(suffix) for suffix in _OTHERS):
        return True
    labels = name.labels()
    of_amazon = any(label in _OF_AMAZON or label.startswith(b"s3-website") for label in labels)
    return of_amazon and any(name.is_under(suffix) for suffix in _AMAZON)
