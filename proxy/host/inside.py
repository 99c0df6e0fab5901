"""Running a command whose DNS queries come to this process: the ways there are, each an `Enclosure` or `NotPossible`.

* FILES: a resolv.conf of the command's own, which names an address whose port 53 is served.  Needs that address, and a mount
  namespace.  What the command then does is at full speed, and every program works that reads resolv.conf.
* SOCKETS: a resolv.conf of its own with the Amazon resolver's address, and sockets that are exchanged on their way there
  (`proxy.host.redirection`).  Needs a user namespace, and Linux 5.9.
* CONNECTIONS: connections to the machine's own resolvers lead here.  Needs no namespace.

Nothing of the machine is changed by any of them, and nothing is left when the last process ends.

The command is a child of this process, in its group and on its terminal.  It waits for `let_go` before it begins, so that its
first query finds a server.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum
from typing import Any, NamedTuple, NoReturn

from proxy.host import kernel
from proxy.host.private_files import mount_private_files, resolv_conf
from proxy.host.redirection import DNS_PORT, Connection, Substitution, Supervisor, Treatment, install_filter

# The Amazon resolver's own addresses in every VPC (AWS: "Understanding Amazon DNS").
AMAZON_SERVERS = ("169.254.169.253", "fd00:ec2::253")
# systemd-resolved's; in a VPC it would pass on what it is asked.
STUBS = ("127.0.0.53", "127.0.0.54")

_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104  in a network namespace that nobody reaches
_BACKLOG = 128
_MESSAGE = 4096
_MOST_DESCRIPTORS = 8


class Way(Enum):
    """How a command's queries are led here."""

    FILES = "files"
    SOCKETS = "sockets"
    CONNECTIONS = "connections"


class NotPossible(Exception):
    """This machine does not allow a way; the text says what it refused."""


class Wanted(NamedTuple):
    """A command, the search domains of its resolv.conf, and the addresses by which it may ask, beside the Amazon resolver's."""

    command: tuple[str, ...]
    search: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()


class Pair(NamedTuple):
    """A UDP and a listening TCP socket of one address."""

    udp: socket.socket
    tcp: socket.socket


class Enclosure:
    """A command that waits to begin.

    `pairs` are the sockets by which it asks, to be served before `let_go`.  `listener` is where its calls are to be decided
    over; None where that is done already, or none are stopped.
    """

    def __init__(
        self, process: int, channel: socket.socket, pairs: tuple[Pair, ...] = (), listener: int | None = None
    ) -> None:
        self.process = process
        self.pairs = pairs
        self.listener = listener
        self._channel = channel

    def let_go(self) -> None:
        """Let the command begin; OSError where it cannot: FileNotFoundError, PermissionError and others."""
        self._channel.send(b"go")
        told = self._channel.recv(_MESSAGE)
        self._channel.close()
        if told:
            os.waitpid(self.process, 0)
            message = json.loads(told)
            raise OSError(message["errno"], message["refused"])

    def lead_to(self, host: str, port: int, servers: Sequence[str]) -> Supervisor:
        """Who leads the connections to `servers` to another address, where there is a `listener`; run it in a thread."""
        return Supervisor(-1 if self.listener is None else self.listener, servers, Connection(host, port))

    def leave_behind(self) -> None:
        """Let what the command left running make its calls, unaided, once this process has ended."""
        if self.listener is None:
            return
        poll = select.poll()
        poll.register(self.listener, 0)
        if not poll.poll(0) and not os.fork():
            _supervise(self.listener, (), Connection("127.0.0.1", DNS_PORT))


def enclose_by_files(wanted: Wanted, server: str) -> Enclosure:
    """The command with a resolv.conf that names `server`, whose port 53 somebody serves."""

    def enter(_: socket.socket) -> None:
        _leave(kernel.CLONE_NEWNS)
        mount_private_files(resolv_conf(server, wanted.search))

    return _enclose(wanted.command, enter)


def enclose_by_sockets(wanted: Wanted) -> Enclosure:
    """The command with the Amazon resolver's address in its resolv.conf, and that address served by the enclosure's `pairs`."""
    servers = tuple(dict.fromkeys((*AMAZON_SERVERS, *STUBS, *wanted.servers)))

    def enter(channel: socket.socket) -> None:
        _leave(kernel.CLONE_NEWNS)
        mount_private_files(resolv_conf(AMAZON_SERVERS[0], wanted.search))
        kernel.let_be_looked_at()
        process = os.getpid()
        mine, others = socket.socketpair()
        between = os.fork()
        if not between:
            mine.close()
            if os.fork():  # so that the command has no child that it knows nothing of
                os._exit(0)
            _supervise_apart(channel, others, process, servers)
        others.close()
        os.waitpid(between, 0)
        _go_under(mine)

    return _enclose(wanted.command, enter)


def enclose_by_connections(wanted: Wanted) -> Enclosure:
    """The command, every connection of which waits for who reads the enclosure's `listener`."""

    def enter(channel: socket.socket) -> None:
        kernel.no_new_privileges()
        _go_under(channel)

    return _enclose(wanted.command, enter)


def free_loopback_address() -> str:
    """An address of this machine alone whose port 53 we may have; OSError where there is none."""
    for last in range(1, 255):
        host = f"127.0.53.{last}"
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as sock:
                    sock.bind((host, DNS_PORT))
        except OSError as error:
            taken = error
            if isinstance(error, PermissionError):
                break
        else:
            return host
    raise taken


def _enclose(command: Sequence[str], enter: Callable[[socket.socket], None]) -> Enclosure:
    """Make the process that becomes the command, let it `enter` its enclosure, and hear how that went."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = os.fork()
    if not process:
        ours.close()
        _become(command, enter, theirs)
    theirs.close()
    enclosure = Enclosure(process, ours)
    try:
        _hear(enclosure, ours)
    except BaseException:
        ours.close()
        os.waitpid(process, 0)
        raise
    return enclosure


def _hear(enclosure: Enclosure, channel: socket.socket) -> None:
    while True:
        told, descriptors, _, _ = socket.recv_fds(channel, _MESSAGE, _MOST_DESCRIPTORS)
        if not told:
            raise NotPossible("its process ended before it began")
        message = json.loads(told)
        if "refused" in message:
            raise NotPossible(message["refused"])
        if descriptors:
            sockets = [socket.socket(fileno=each) for each in descriptors]
            enclosure.pairs = tuple(Pair(udp, tcp) for udp, tcp in zip(sockets[::2], sockets[1::2], strict=True))
        if "listener" in message:
            try:
                enclosure.listener = _listener_of(enclosure.process, message["listener"])
            except OSError as error:
                raise NotPossible(str(error.strerror)) from error
            channel.send(b"x")
        if "ready" in message:
            return


def _become(command: Sequence[str], enter: Callable[[socket.socket], None], channel: socket.socket) -> NoReturn:
    """In the new process: enter, wait for word, become the command.  Never comes back, whatever happens."""
    try:
        enter(channel)
        _tell(channel, ready=True)
        if os.read(channel.fileno(), 2) == b"go":
            kernel.end_with_parent(signal.SIGTERM)
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores, and programs do not expect to be ignored
                signal.signal(number, signal.SIG_DFL)
            os.execvp(command[0], [*command])  # noqa: S606  no shell is wanted
    except OSError as error:
        with suppress(OSError):
            _tell(channel, refused=str(error.strerror or error), errno=error.errno)
    finally:
        os._exit(1)


def _leave(flags: int) -> None:
    """Leave namespaces: as root at once, else, or where that root may not, in a user namespace of one's own."""
    if os.geteuid() == 0:
        with suppress(PermissionError):
            kernel.unshare(flags)
            return
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER | flags)
    kernel.become_ones_own_root(user, group)


def _go_under(channel: socket.socket) -> None:
    """Put this process under the supervision of the one at the other end; only read and write may be called until it is."""
    number = install_filter()
    _tell(channel, listener=number)
    if os.read(channel.fileno(), 1) != b"x":
        os._exit(1)
    os.close(number)


def _supervise_apart(channel: socket.socket, command: socket.socket, process: int, servers: Sequence[str]) -> NoReturn:
    """In a process of its own: a network namespace where `servers` are, and the supervision of the command's `process`."""
    try:
        os.setsid()  # the terminal's signals are for the command
        kernel.unshare(kernel.CLONE_NEWNET)
        kernel.bring_loopback_up()
        for server in servers:
            if not server.startswith("127."):
                with suppress(OSError):  # IPv6 may be switched off
                    kernel.add_address(server)
        sockets = [sock for host in _WILDCARDS for sock in _bound(host)]
        socket.send_fds(channel, [json.dumps({"sockets": len(sockets)}).encode()], [sock.fileno() for sock in sockets])
        for sock in sockets:
            sock.close()
        told = command.recv(_MESSAGE)
        if not told:
            os._exit(0)
        listener = _listener_of(process, json.loads(told)["listener"])
        command.send(b"x")
    except OSError as error:
        with suppress(OSError):
            _tell(channel, refused=str(error.strerror or error), errno=error.errno)
        os._exit(1)
    _supervise(listener, servers, Substitution())


def _supervise(listener: int, servers: Sequence[str], treatment: Treatment) -> NoReturn:
    """Supervise, and hold nothing else: whoever reads what the command writes waits for its end."""
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        listener = os.dup2(listener, 9, inheritable=False) if listener != 9 else listener
        for number in range(3):
            os.dup2(nothing, number)
        os.closerange(3, 9)
        os.closerange(10, os.sysconf("SC_OPEN_MAX"))
        Supervisor(listener, servers, treatment).run()
    finally:
        os._exit(0)


def _bound(host: str) -> list[socket.socket]:
    """A UDP and a TCP socket on port 53; none where there is no IPv6."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = []
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            sock = socket.socket(family, kind)
            found.append(sock)
            sock.setblocking(False)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((host, DNS_PORT))
            if kind == socket.SOCK_STREAM:
                sock.listen(_BACKLOG)
    except OSError:
        if family == socket.AF_INET:
            raise
        return []
    return found


def _listener_of(process: int, number: int) -> int:
    handle = os.pidfd_open(process)
    try:
        return kernel.get_descriptor(handle, number)
    finally:
        os.close(handle)


def _tell(channel: socket.socket, **message: Any) -> None:
    """By write(2): under the filter, what sends waits for a supervisor."""
    os.write(channel.fileno(), json.dumps(message).encode())
