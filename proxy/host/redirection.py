"""Leading a process's DNS queries elsewhere, without its knowing: seccomp's user notification (seccomp_unotify(2)).

A filter stops `connect`, and each `sendto`, `sendmsg` and `sendmmsg` that may name an address; it is inherited by all that the
process starts.  A supervisor, outside of it, looks at the address.  What is not for port 53 of one of the `servers` goes on as
if nothing had been; for the others there are two ways:

* `Substitution`: the process's socket is exchanged for one that lives in a network namespace where those addresses are this
  program's own.  The process sees its resolver answer from the address that it asked, whichever way it asks.
* `Connection`: the socket is connected to another address.  That needs no namespace, but the process sees where its answer comes
  from, which some do not accept; and a datagram that is sent without connecting cannot be helped.  It is refused, so that it
  is not asked of the machine's own resolver.

Not seen: what goes by io_uring, and programs of another architecture than this machine's.  This is a convenience and no
security boundary: a process that wants to can get around it.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import ipaddress
import os
import select
import socket
import struct
import sys
from collections.abc import Callable, Collection
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from proxy.host import kernel

DNS_PORT = 53

_FILTER_LISTENER, _FILTER_KILLABLE = 1 << 3, 1 << 5
_SET_MODE_FILTER = 1
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_AT_NUMBER, _AT_ARCH, _AT_ARGUMENTS = 0, 4, 16

_RECEIVE, _SEND, _STILL_THERE, _ADD_DESCRIPTOR = 0xC0502100, 0xC0182101, 0x40082102, 0x40182103
_NOTIFICATION = struct.Struct("=QIIiIQ6Q")
_ANSWER = struct.Struct("=QqiI")
_ADDED = struct.Struct("=QIIII")
_CONTINUE = 1
_UNIX = struct.pack("=H", socket.AF_UNIX)
_IN_ITS_PLACE = 1

_HEADER = struct.Struct("=QI")  # the beginning of a msghdr: where its address is, and how long
_SO_COOKIE = 57
_IP_RECVERR, _IPV6_RECVERR = 11, 25
_CLOSE_ON_EXEC = 0o2000000
_EVENT = (
    struct.Struct("=IQ" if os.uname().machine == "x86_64" else "=IxxxxQ") if sys.platform == "linux" else struct.Struct("")
)

# Services of the machine that look names up for others: glibc asks them by these before it asks a server.
_LOOK_UP_SERVICES = (b"/run/nscd/socket", b"/var/run/nscd/socket", b"/run/systemd/resolve/io.systemd.Resolve")


class Call(NamedTuple):
    """A system call that waits for its fate: its id, thread, number and arguments."""

    id: int
    thread: int
    number: int
    arguments: tuple[int, ...]


class Verdict(NamedTuple):
    """What becomes of a call: it goes on as it is, or it is over with this errno (0: with success)."""

    goes_on: bool
    error: int = 0


_GOES_ON = Verdict(goes_on=True)
_DONE = Verdict(goes_on=False)

# What is done with a call to one of the servers: given the call, its process and socket, and the address.
Treatment = Callable[["Supervisor", Call, "Held", "Destination"], Verdict]


class Destination(NamedTuple):
    """A socket address: its family and whole text as `socket` takes it."""

    family: int
    host: str
    port: int


class Held(NamedTuple):
    """A process, and a copy of its socket."""

    process: int
    number: int
    sock: socket.socket


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("value", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def install_filter() -> int:
    """Put this process and all that it starts under supervision; the descriptor by which the supervisor hears of calls.

    From now on the calls named above wait for one, here too.
    """
    numbers = kernel.numbers()
    lines = _program(numbers)
    program = _Program(len(lines), (_Instruction * len(lines))(*(_Instruction(*line) for line in lines)))
    for flags in (_FILTER_LISTENER | _FILTER_KILLABLE, _FILTER_LISTENER):  # the second for Linux before 5.19
        try:
            return kernel.syscall("seccomp", numbers.seccomp, _SET_MODE_FILTER, flags, ctypes.byref(program))
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
    raise OSError(errno.EINVAL, "seccomp has no user notification here; Linux 5.9 has")


def _program(numbers: kernel.Numbers) -> list[tuple[int, int, int, int]]:
    """The filter: a sendto without an address, which is every send(2), does not stop."""
    address = _AT_ARGUMENTS + 4 * 8
    return [
        (_LOAD, 0, 0, _AT_ARCH),
        (_EQUAL, 0, 10, numbers.arch),
        (_LOAD, 0, 0, _AT_NUMBER),
        (_EQUAL, 7, 0, numbers.connect),
        (_EQUAL, 6, 0, numbers.sendmsg),
        (_EQUAL, 5, 0, numbers.sendmmsg),
        (_EQUAL, 0, 5, numbers.sendto),
        (_LOAD, 0, 0, address),
        (_EQUAL, 0, 2, 0),
        (_LOAD, 0, 0, address + 4),
        (_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _NOTIFY),
        (_RETURN, 0, 0, _ALLOW),
    ]


class Supervisor:
    """Decides over the calls of a filter whose descriptor is `listener`, until nobody is left under it."""

    def __init__(self, listener: int, servers: Collection[str], treatment: Treatment) -> None:
        self.listener = listener
        self._servers = frozenset(ipaddress.ip_address(server) for server in servers)
        self._treat = treatment
        self._numbers = kernel.numbers()

    def run(self) -> None:
        """Serve until all processes under the filter have ended."""
        poll = select.poll()
        poll.register(self.listener, select.POLLIN)
        while not any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll()):
            self.handle_one()

    def handle_one(self) -> None:
        """Take one call and decide."""
        buffer = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(self.listener, _RECEIVE, buffer)
        except OSError:  # its process was killed meanwhile
            return
        number, thread, _, call, _, _, *arguments = _NOTIFICATION.unpack(buffer)
        verdict = self._decide(Call(number, thread, call, tuple(arguments)))
        with suppress(OSError):
            answer = _ANSWER.pack(number, 0, -verdict.error, _CONTINUE if verdict.goes_on else 0)
            fcntl.ioctl(self.listener, _SEND, answer)

    def exchange(self, call: Call, held: Held, new: socket.socket) -> None:
        """Put `new` in the place of the process's socket, in what it waits for by epoll(7) too."""
        waiting = list(_waits_of(held.process, held.number))
        close_on_exec = _descriptor_flags(held.process, held.number) & _CLOSE_ON_EXEC
        fcntl.ioctl(
            self.listener, _ADD_DESCRIPTOR, _ADDED.pack(call.id, _IN_ITS_PLACE, new.fileno(), held.number, close_on_exec)
        )
        held.sock.close()  # or the old one would go on to be waited for
        for epoll, events, data in waiting:
            _wait_for(held, epoll, new, _EVENT.pack(events, data))

    def _decide(self, call: Call) -> Verdict:
        try:
            octets = self._address_of(call)
        except OSError:  # an address that is none, for the kernel to refuse
            return _GOES_ON
        if octets[:2] == _UNIX and octets[2:].partition(b"\0")[0] in _LOOK_UP_SERVICES:
            return Verdict(goes_on=False, error=errno.ENOENT)
        destination = _destination(octets)
        if destination is None or destination.port != DNS_PORT or not self._is_server(destination):
            return _GOES_ON
        try:
            return self._decide_over(call, destination)
        except OSError:  # better no answer than one of the machine's own resolver
            return Verdict(goes_on=False, error=errno.ECONNREFUSED)

    def _decide_over(self, call: Call, destination: Destination) -> Verdict:
        process = _process_of(call.thread)
        handle = os.pidfd_open(process)
        try:
            copy = kernel.get_descriptor(handle, call.arguments[0] & 0xFFFFFFFF)
        finally:
            os.close(handle)
        with socket.socket(fileno=copy) as sock:
            fcntl.ioctl(self.listener, _STILL_THERE, struct.pack("=Q", call.id))
            if sock.type not in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                return _GOES_ON
            return self._treat(self, call, Held(process, call.arguments[0] & 0xFFFFFFFF, sock), destination)

    def connects(self, call: Call) -> bool:
        """Whether the call is a `connect`, and not one that sends."""
        return call.number == self._numbers.connect

    def _is_server(self, destination: Destination) -> bool:
        address = ipaddress.ip_address(destination.host.partition("%")[0])
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return (mapped or address) in self._servers

    def _address_of(self, call: Call) -> bytes:
        """The octets of the address that the call names; none where it names none."""
        if call.number == self._numbers.connect:
            where, size = call.arguments[1], call.arguments[2]
        elif call.number == self._numbers.sendto:
            where, size = call.arguments[4], call.arguments[5]
        else:
            where, size = _HEADER.unpack(_memory(call.thread, call.arguments[1], _HEADER.size))
        return _memory(call.thread, where, min(size & 0xFFFFFFFF, 128)) if where else b""


class Substitution:
    """The way that the process does not see: its socket becomes one of this process's network namespace."""

    def __init__(self) -> None:
        self._ours: set[bytes] = set()

    def __call__(self, supervisor: Supervisor, call: Call, held: Held, destination: Destination) -> Verdict:
        """Exchange the socket, unless it was before; connect it where it is to be connected."""
        if self._cookie(held.sock) in self._ours:
            if supervisor.connects(call):
                held.sock.connect((destination.host, destination.port))
                return _DONE
            return _GOES_ON
        with closing(_like(held.sock)) as new:
            if supervisor.connects(call):
                new.settimeout(5)
                new.connect((destination.host, destination.port))
            new.settimeout(held.sock.gettimeout())
            self._ours.add(self._cookie(new))
            supervisor.exchange(call, held, new)
        return _DONE if supervisor.connects(call) else _GOES_ON

    def _cookie(self, sock: socket.socket) -> bytes:
        return sock.getsockopt(socket.SOL_SOCKET, _SO_COOKIE, 8)


class Connection:
    """The way without a namespace: the socket is connected to another address of this machine's reach."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    def __call__(self, supervisor: Supervisor, call: Call, held: Held, destination: Destination) -> Verdict:
        """Connect elsewhere; refuse what is sent without connecting."""
        if not supervisor.connects(call):
            return Verdict(goes_on=False, error=errno.ECONNREFUSED)
        host = f"::ffff:{self._host}" if destination.family == socket.AF_INET6 and ":" not in self._host else self._host
        try:
            held.sock.connect((host, self._port))
        except OSError as error:
            return Verdict(goes_on=False, error=error.errno or errno.ECONNREFUSED)
        return _DONE


def _like(sock: socket.socket) -> socket.socket:
    """A new socket, with what a resolver sets on its own."""
    new = socket.socket(sock.family, sock.type, sock.proto)
    for level, name, size in (
        (socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16),
        (socket.SOL_SOCKET, socket.SO_SNDTIMEO, 16),
        (socket.IPPROTO_IP, _IP_RECVERR, 4),
        (socket.IPPROTO_IPV6, _IPV6_RECVERR, 4),
    ):
        with suppress(OSError):
            new.setsockopt(level, name, sock.getsockopt(level, name, size))
    if sock.family == socket.AF_INET6:
        new.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
    return new


def _destination(octets: bytes) -> Destination | None:
    if len(octets) < 8:
        return None
    [family] = struct.unpack_from("=H", octets)
    [port] = struct.unpack_from(">H", octets, 2)
    if family == socket.AF_INET:
        return Destination(family, socket.inet_ntop(socket.AF_INET, octets[4:8]), port)
    if family == socket.AF_INET6 and len(octets) >= 24:
        return Destination(family, socket.inet_ntop(socket.AF_INET6, octets[8:24]), port)
    return None


def _memory(thread: int, where: int, size: int) -> bytes:
    with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as memory:
        memory.seek(where)
        return memory.read(size) or b""


def _process_of(thread: int) -> int:
    for line in Path(f"/proc/{thread}/status").read_text().splitlines():
        if line.startswith("Tgid:"):
            return int(line.split()[1])
    raise ProcessLookupError(errno.ESRCH, "no such process")


def _descriptor_flags(process: int, number: int) -> int:
    """Those of open(2), O_CLOEXEC among them."""
    for line in Path(f"/proc/{process}/fdinfo/{number}").read_text().splitlines():
        if line.startswith("flags:"):
            return int(line.split()[1], 8)
    return 0


def _waits_of(process: int, number: int) -> list[tuple[int, int, int]]:
    """Every epoll by which the process waits for its descriptor: its own number, the events, and what it wants back."""
    found = []
    for entry in Path(f"/proc/{process}/fd").iterdir():
        with suppress(OSError):
            if entry.readlink() != Path("anon_inode:[eventpoll]"):
                continue
            for line in Path(f"/proc/{process}/fdinfo", entry.name).read_text().splitlines():
                words = line.split()
                if words[:1] == ["tfd:"] and int(words[1]) == number:
                    found.append((int(entry.name), int(words[3], 16), int(words[5], 16)))
    return found


def _wait_for(held: Held, epoll: int, new: socket.socket, event: bytes) -> None:
    """Let the process's `epoll` wait for the new socket under the number that it has there.

    What is waited for is known by file and number, and the number is the caller's: so for a moment the socket has that
    number here, whatever else did.
    """
    beyond = held.number + 1
    handle = os.pidfd_open(held.process)
    copy = kernel.get_descriptor(handle, epoll)
    os.close(handle)
    own, copy_beyond = (fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, beyond) for each in (new.fileno(), copy))
    os.close(copy)
    saved = None
    with suppress(OSError):
        saved = fcntl.fcntl(held.number, fcntl.F_DUPFD_CLOEXEC, beyond)
    try:
        os.dup2(own, held.number, inheritable=False)
        kernel.wait_by(copy_beyond, held.number, event)
    finally:
        if saved is None:
            os.close(held.number)
        else:
            os.dup2(saved, held.number, inheritable=False)
            os.close(saved)
        os.close(own)
        os.close(copy_beyond)
