"""Many datagrams with two system calls, on Linux: recvmmsg(2) brings those that wait, sendmmsg(2) takes their answers.

What it buys, beside a recvfrom and a sendto for every packet: 1.1 µs of 7.3 a query where six wait at a time, and the same
where there is one.  The kernel's share is the smaller half of that; the larger is that no address becomes text and back.

The memory is laid out once.  Datagram number N is received into slot N, its sender's address beside it, and its answer is
written over it: what is sent from slot N goes to where slot N came from, and no pointer is ever moved.
"""

from __future__ import annotations

import ctypes
import mmap
import socket
import struct
import sys
from typing import Any

SIZE = 64  # datagrams at a time
SLOT = 4096  # octets; what is longer is cut

_INET = struct.Struct("!2xH4s8x")  # sockaddr_in: port, address
_INET6 = struct.Struct("!2xHI16s")  # sockaddr_in6: port, flow information, address; the scope in the machine's octet order


class _Vector(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """struct msghdr."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """struct mmsghdr."""

    _fields_ = (("header", _Header), ("length", ctypes.c_uint32))


_MESSAGE_SIZE = ctypes.sizeof(_Message)
_VECTOR_SIZE = ctypes.sizeof(_Vector)


Slot = tuple[int, int, int, slice, int, int]
"""Where a datagram is: its number; where it starts in `memory`, and where what is behind its id does; its sender's address in
`names`; where its size is in `sizes`, and where that of its answer goes in `answer_sizes`.

Plain, as a tuple with names takes longer to take apart.
"""


class Batch:
    """The datagrams of one socket, received and answered SIZE at a time.  OSError or AttributeError: not on this machine."""

    def __init__(self, sock: socket.socket) -> None:
        # Held through the calls: to let go of the interpreter's lock costs nothing, but to get it back while another thread
        # compiles takes 5 ms.  They never wait.
        library = ctypes.PyDLL(None, use_errno=True)
        self._receive, self._send = library.recvmmsg, library.sendmmsg
        self._six = sock.family == socket.AF_INET6
        self._name_size = name_size = 28 if self._six else 16
        self.memory = mmap.mmap(-1, SIZE * SLOT)
        self.names = mmap.mmap(-1, SIZE * name_size)
        incoming, self._outgoing = (_Message * SIZE)(), (_Message * SIZE)()
        in_vectors, out_vectors = (_Vector * SIZE)(), (_Vector * SIZE)()
        self._lay_out(incoming, in_vectors)
        self._lay_out(self._outgoing, out_vectors)
        self.sizes = memoryview(incoming).cast("B").cast("I")
        self.answer_sizes = memoryview(out_vectors).cast("B").cast("L")  # size_t, on Linux
        self.ports = [slice(number * name_size + 2, number * name_size + 4) for number in range(SIZE)]  # in `names`
        begin, end = (8, 24) if self._six else (4, 8)
        self.slots: list[Slot] = [
            (
                number,
                number * SLOT,
                number * SLOT + 2,
                slice(number * name_size + begin, number * name_size + end),
                (number * _MESSAGE_SIZE + _Message.length.offset) // 4,
                number * 2 + 1,
            )
            for number in range(SIZE)
        ]
        self._descriptor = ctypes.c_int(sock.fileno())
        self._arguments = (self._descriptor, incoming, ctypes.c_uint(SIZE), ctypes.c_int(socket.MSG_DONTWAIT), None)
        self._pointed_at = (in_vectors, out_vectors)

    def _lay_out(self, messages: Any, vectors: Any) -> None:
        memory = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        names = ctypes.addressof(ctypes.c_char.from_buffer(self.names))
        for number, (message, vector) in enumerate(zip(messages, vectors, strict=True)):
            vector.base, vector.size = memory + number * SLOT, SLOT
            message.header.name, message.header.name_size = names + number * self._name_size, self._name_size
            message.header.vectors, message.header.vector_count = ctypes.addressof(vector), 1

    def receive(self) -> int:
        """How many datagrams came; 0 where none waits."""
        count: int = self._receive(*self._arguments)
        return max(count, 0)

    def send(self, first: int, behind: int) -> int:
        """Send the answers of the slots from `first` to before `behind`; how many the machine did not take."""
        unsent = 0
        while first < behind:
            messages = ctypes.byref(self._outgoing, first * _MESSAGE_SIZE)
            count = self._send(self._descriptor, messages, behind - first, socket.MSG_DONTWAIT)
            if count <= 0:  # it is the first one that cannot be sent
                unsent += 1
                count = 1
            first += count
        return unsent

    def peer(self, number: int) -> tuple[str, int] | tuple[str, int, int, int]:
        """Who sent a datagram, as sendto takes it."""
        name = self.names[number * self._name_size : (number + 1) * self._name_size]
        if self._six:
            port, flow, address = _INET6.unpack_from(name)
            return socket.inet_ntop(socket.AF_INET6, address), port, flow, int.from_bytes(name[24:], sys.byteorder)
        port, address = _INET.unpack(name)
        return socket.inet_ntop(socket.AF_INET, address), port
