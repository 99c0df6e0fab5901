"""upstream/: asking other servers.  An `Ask` goes out over UDP, TCP, TLS or HTTPS; a `Reply` comes back, or `UpstreamError`.

Owns the sockets towards other servers, which server of a route is asked when, how the route's time is shared among them,
and what counts as a reply: address, port, id, question and its letter case (RFC 5452 section 9.1), and what lies within the
question's bailiwick.

Must never see policy, a view or a client; leak an OSError or a TimeoutError; look a name up to find a server, but for an
HTTPS server that is known by its name alone.

`Upstream.start` is the way in for whoever has many questions: no task, no future and no timer of its own for any of them.

A worked example::

    upstream = Upstream()
    route = Route((ServerAddress(Protocol.UDP, "192.0.2.53", 53),), timeout=2.0)
    ask = Ask(route, Name.from_text("example.com"), TYPE_A)
    upstream.start(ask, print)              # later prints Sections(rcode=0, answer=...), or an UpstreamError
    reply = await upstream.exchange(ask)    # the same, awaited; UpstreamError is raised
    upstream.close()
"""

from __future__ import annotations

from proxy.upstream.exchange import Done, Exchange
from proxy.upstream.peer import PeerStatus
from proxy.upstream.upstream import Upstream, UpstreamBounds

__all__ = ["Done", "Exchange", "PeerStatus", "Upstream", "UpstreamBounds"]
