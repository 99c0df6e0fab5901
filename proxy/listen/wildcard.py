"""Answering from the address that was asked, on a UDP socket that is bound to every address of the machine.

Left to itself, the kernel answers from the address that its routes prefer, and a client that asked another one drops the
answer.  So each datagram is received with its destination (Linux, macOS: IP_PKTINFO; RFC 3542 section 6: IPV6_PKTINFO),
which goes along with the answer as the source.  The interface does not: routing decides over that.

What came to a broadcast or multicast address is answered by nobody: one query to all of a network, in somebody's name, would
bring that one as many answers.  It is given a way back to port 0, which there is none to.
"""

from __future__ import annotations

import socket
import struct
import sys
from typing import Any

# recvfrom's result where that is enough; here (host, port, whole peer address, ancillary data of the answer).
Way = Any

_IP_PKTINFO = {"linux": 8, "darwin": 26}.get(sys.platform)  # which socket does not name before Python 3.14
_IPV4 = struct.Struct("=I4s4s")  # interface, local address, destination address
_IPV6 = struct.Struct("=16sI")  # destination address, interface
_ANCILLARY_SIZE = 128
_NOT_SET = bytes(4)
_MULTICAST_4, _MULTICAST_6 = 0xE0, 0xFF  # the first octet of these addresses, and in IPv4 of all above


def is_wildcard(sock: socket.socket) -> bool:
    """Whether the socket is bound to every address, on a machine that tells which one was asked."""
    if sock.getsockname()[0] not in {"0.0.0.0", "::"} or not hasattr(sock, "recvmsg"):  # noqa: S104
        return False
    return sock.family == socket.AF_INET6 or _IP_PKTINFO is not None


class WildcardSocket:
    """`receive` and `send` in place of a socket's recvfrom and sendto."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        if sock.family == socket.AF_INET6:
            self._level, self._type = socket.IPPROTO_IPV6, socket.IPV6_PKTINFO
            sock.setsockopt(self._level, socket.IPV6_RECVPKTINFO, 1)
        else:
            self._level, self._type = socket.IPPROTO_IP, _IP_PKTINFO or 0
            sock.setsockopt(self._level, self._type, 1)

    def receive(self, size: int) -> tuple[bytes, Way]:
        """A datagram and the way back."""
        packet, ancillary, _, peer = self._sock.recvmsg(size, _ANCILLARY_SIZE)
        came = [data for level, kind, data in ancillary if (level, kind) == (self._level, self._type)]
        back = [(self._level, self._type, self._source(data)) for data in came]
        port = 0 if any(map(self._is_to_many, came)) else peer[1]
        return packet, (peer[0], port, peer, back)

    def send(self, packet: bytes, way: Way) -> None:
        """Send `packet` the way back."""
        self._sock.sendmsg([packet], way[3], 0, way[2])

    def _is_to_many(self, data: bytes) -> bool:
        """Whether a datagram was sent to more machines than this one."""
        if self._level == socket.IPPROTO_IPV6:
            return data[0] == _MULTICAST_6
        _, local, destination = _IPV4.unpack(data)
        return destination[0] >= _MULTICAST_4 or local not in (destination, _NOT_SET)

    def _source(self, data: bytes) -> bytes:
        if self._level == socket.IPPROTO_IPV6:
            return _IPV6.pack(_IPV6.unpack(data)[0], 0)
        return _IPV4.pack(0, _IPV4.unpack(data)[1], bytes(4))
