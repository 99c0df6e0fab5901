"""What a reply may say beside what it was asked (RFC 2181 section 5.4.1, RFC 5452 section 6).

The answer section keeps what stands on the way of its CNAMEs from the asked name, the authority section what is about a name
above that way, the additional section the addresses of names that the rest speaks of.  Everything else is dropped before
anyone keeps it or gives it on: a server that is asked for one name has no say in others.
"""

from __future__ import annotations

from collections.abc import Iterable

from proxy.dns.codes import TYPE_CNAME, TYPE_DNAME
from proxy.dns.names import Name
from proxy.dns.records import Placed, RecordSet
from proxy.dns.write import Sections


def within_bailiwick(reply: Sections, name: bytes) -> Sections:
    """`reply` to a question for `name` (lower case), without what is none of its business."""
    rcode, answer, authority, additional = reply
    if not authority and not additional:
        for owner, _ in answer:
            if owner is not None:
                break
        else:  # the common reply: nothing in it is about another name
            return reply
    way = _way(answer, name)
    above = {suffix for each in way for suffix in Name(each).suffixes()}
    answer = tuple(placed for placed in answer if _is_on_way(placed, name, way))
    if any(found.type == TYPE_DNAME for _, found in answer):
        answer = tuple(map(_in_small_letters, answer))
    authority = tuple(placed for placed in authority if _owner(placed, name) in above)
    spoken_of = [found.rdatas() for _, found in (*answer, *authority)] if additional else []
    octets = b"\0".join(rdata.lower() for rdatas in spoken_of for rdata in rdatas)
    additional = tuple(placed for placed in additional if _owner(placed, name) in octets)
    return Sections(rcode, answer, authority, additional)


def _in_small_letters(placed: Placed) -> Placed:
    """`placed`, without letters that chance has chosen.

    A server makes the CNAME below a DNAME of the name as it was asked for (RFC 6672 section 3.1), mixed letters and all.
    """
    owner, found = placed
    if found.type == TYPE_CNAME:
        found = RecordSet.pack(TYPE_CNAME, found.ttl, [rdata.lower() for rdata in found.rdatas()])
    return None if owner is None else owner.lower(), found


def _owner(placed: Placed, name: bytes) -> bytes:
    return name if placed[0] is None else placed[0].lower()


def _way(answer: Iterable[Placed], name: bytes) -> set[bytes]:
    """The names from `name` along the CNAMEs of `answer`."""
    targets = {_owner(placed, name): placed[1].rdatas()[0].lower() for placed in answer if placed[1].type == TYPE_CNAME}
    way = {name}
    while (name := targets.get(name, name)) not in way:
        way.add(name)
    return way


def _is_on_way(placed: Placed, name: bytes, way: set[bytes]) -> bool:
    """A DNAME stands above the name that it leads on (RFC 6672 section 3.1)."""
    owner = _owner(placed, name)
    if owner in way:
        return True
    return placed[1].type == TYPE_DNAME and any(Name(each).is_under(owner) for each in way)
