"""Names that get the same answer, because nothing in a view tells them from one another.

`a.example.com` and `b.example.com`, neither of which the view has, are judged by the same domain lists, looked up along the
same claims, in the same zone, under the same wildcard: the first difference would be a name that is one of the two, and there
is none.  Who keeps answers
can therefore answer a name that was never asked, without a second implementation of any rule: it repeats what `resolve`
said of its sibling.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from proxy.model.claims import Zone
from proxy.model.world import View
from proxy.resolve.walk import find_claim


class Siblings(NamedTuple):
    """The tables in which a name was not found: a name of the same parent that is in none of them has the same answer.

    `listed` are the names that rules of a firewall name, beside those that they name by a parent.
    """

    claims: Mapping[bytes, object]
    nodes: Mapping[bytes, object]
    listed: Mapping[bytes, object]


def find_siblings(view: View, name: bytes) -> Siblings | None:
    """What tells `name` from the other names of its parent; None where more than the three tables does, or one has it.

    Outside of zones names are also told apart by what they look like: `ip-10-0-1-5` says its address itself.
    """
    claim = find_claim(view, name)
    zone = claim.action
    if not isinstance(zone, Zone):
        return None
    found = Siblings(view.claims, zone.nodes, {} if view.firewall is None else view.firewall.exact)
    return None if any(name in table for table in found) else found
