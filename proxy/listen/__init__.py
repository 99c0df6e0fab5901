"""listen/: the sockets that clients ask. Packets in, packets out.

Owns binding UDP and TCP on one port, framing (RFC 1035 section 4.2.2, RFC 7766), how many queries, connections and octets
wait at a time, idle times, and draining.  What a packet means is for `handle(packet, client)` to say: bytes are the answer,
None is silence, an awaitable gives one of the two later.  Answers that are `Known` are sent without asking it.

Must never parse a message, or know what answers it.

Needs an event loop with `add_reader`, which on Windows is the selector event loop.

A worked example::

    listening = await start_listening(Listener("127.0.0.1", 0, None), handle, TcpLimits(connections=256, idle=10.0))
    listening.address                   # ("127.0.0.1", 53211), UDP and TCP
    await listening.close(drain=5.0)    # what was asked is answered, nothing more is read
"""

from __future__ import annotations

from proxy.listen.handle import Handle, Known
from proxy.listen.listening import Listening, start_listening
from proxy.listen.sockets import bind_both, bind_shared

__all__ = ["Handle", "Known", "Listening", "bind_both", "bind_shared", "start_listening"]
