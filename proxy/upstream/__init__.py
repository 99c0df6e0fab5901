"""upstream/: asking other servers. An `Ask` goes out over UDP or TCP; a `Reply` comes back, or `UpstreamError` says why not.

Owns the sockets towards other servers, which server of a route is asked when, how the route's time is shared among them,
and the checks that a reply belongs to its query: address, port, id and question (RFC 5452 section 9.1).

Must never see policy, a view or a client; leak an OSError or a TimeoutError; look a name up to find a server.

A worked example::

    upstream = Upstream()
    route = Route((ServerAddress(Protocol.UDP, "192.0.2.53", 53),), timeout=2.0)
    reply = await upstream.exchange(Ask(route, Name.from_text("example.com"), TYPE_A))      # Sections(rcode=0, answer=...)
    upstream.close()
"""

from __future__ import annotations

from proxy.upstream.failover import Upstream, UpstreamBounds

__all__ = ["Upstream", "UpstreamBounds"]
