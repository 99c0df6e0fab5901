"""Delegations out of private zones: NS records below a zone's own name ("Resolver delegation rules tutorial").

A delegation is followed where a delegation rule of the VPC is for one of its name servers' names, or for a parent of one; the
name that is asked for has nothing to do with that.  What AWS does without such a rule is not documented: an empty answer
without an error was seen, as if a referral had come and nobody had gone there.  Before there were such rules, in 2025, NS
records in a private zone handed nothing over ("Considerations when working with a private hosted zone").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import NamedTuple

from proxy.compile.claims import covering
from proxy.dns.codes import TYPE_A, TYPE_AAAA, TYPE_NS
from proxy.dns.names import Name
from proxy.dns.text import rdata_text
from proxy.model.answers import ReasonKind
from proxy.model.claims import Claim, ClaimKind, Delegation, Elsewhere, NameServer, Zone
from proxy.nouns import dataclass

_WILDCARD_LABEL = b"\x01*"


class Cut(NamedTuple):
    """A name that a zone hands over, and to whom."""

    name: Name
    servers: tuple[NameServer, ...]


@dataclass(frozen=True, slots=True)
class Delegations:
    """Puts delegations into tables of claims.  `ignored` is True where NS records that no rule covers mean nothing."""

    elsewhere: Elsewhere
    ignored: bool
    _cuts: dict[int, tuple[Zone, tuple[Cut, ...]]] = field(default_factory=dict)

    def put_into(self, table: dict[bytes, Claim], rules: tuple[Name, ...]) -> dict[bytes, Claim]:
        """The same table with the delegations of its private zones, `rules` being the names of the delegation rules.

        A zone hands over only what it decides about: not what a rule, another zone or a delegation further up has.
        """
        zones = {id(zone): zone for claim in table.values() if (zone := _private_zone(claim)) is not None}
        for zone in zones.values():
            for cut in self._cuts_of(zone):
                decides = covering(table, cut.name)
                delegation = Delegation(cut.name, zone, cut.servers, rules, self.elsewhere)
                if decides.action is zone and not (self.ignored and not delegation.followed(cut.servers)):
                    table[cut.name] = Claim(
                        cut.name, ClaimKind.DELEGATION, decides.origin, delegation, profile=decides.profile
                    )
        return table

    def _cuts_of(self, zone: Zone) -> tuple[Cut, ...]:
        """The cuts of a zone, those further up first; looked for once, as a zone may stand in hundreds of tables."""
        if id(zone) not in self._cuts:
            self._cuts[id(zone)] = zone, tuple(sorted(_find_cuts(zone), key=lambda cut: len(cut.name)))
        return self._cuts[id(zone)][1]


def _private_zone(claim: Claim) -> Zone | None:
    action = claim.action
    if isinstance(action, Zone) and action.nodata.reason.kind is ReasonKind.PRIVATE_ZONE:
        return action
    return None


def _find_cuts(zone: Zone) -> Iterator[Cut]:
    for owner, node in zone.nodes.items():
        if TYPE_NS in node.answers and owner != zone.name and not owner.startswith(_WILDCARD_LABEL):
            name = Name(owner)
            texts = _texts(zone, name, TYPE_NS)
            yield Cut(name, tuple(_server(zone, name, Name.from_text(text)) for text in texts))


def _server(zone: Zone, cut: Name, server: Name) -> NameServer:
    """A name server with its glue: what stands below the cut can be found in no other way."""
    if not server.is_under(cut):
        return NameServer(server)
    return NameServer(server, tuple(text for kind in (TYPE_A, TYPE_AAAA) for text in _texts(zone, server, kind)))


def _texts(zone: Zone, owner: Name, kind: int) -> Iterable[str]:
    node = zone.nodes.get(owner)
    if node is None or kind not in node.answers:
        return ()
    return [rdata_text(kind, rdata) for _, found in node.answers[kind].sections.answer for rdata in found.rdatas()]
