"""Calls of the Linux kernel that Python has no words for.  Each raises OSError as the kernel gives it.

Only for Linux; importing it does nothing yet, so that other machines can import it too.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import socket
import struct
from pathlib import Path
from typing import Any, NamedTuple

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38

_EPOLL_CTL_ADD = 1
_PIDFD_GETFD = 438  # on every architecture
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_IFREQ = struct.Struct("16sh22x")

_RTM_NEWADDR = 20
_NLM_REQUEST_ACK_CREATE = 0x1 | 0x4 | 0x400
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_NLMSG = struct.Struct("=IHHII")
_IFADDRMSG = struct.Struct("=BBBBI")
_NO_DUPLICATE_CHECK, _SCOPE_HOST = 2, 254
_NLMSG_ERROR = 2
_LOOPBACK_INDEX = 1


class Numbers(NamedTuple):
    """The numbers of system calls, and of the architecture itself as seccomp has it (linux/audit.h)."""

    arch: int
    connect: int
    sendto: int
    sendmsg: int
    sendmmsg: int
    seccomp: int


NUMBERS = {
    "x86_64": Numbers(0xC000003E, 42, 44, 46, 307, 317),
    "aarch64": Numbers(0xC00000B7, 203, 206, 211, 269, 277),
}


def numbers() -> Numbers:
    """Those of this machine; OSError where nobody has looked them up yet."""
    found = NUMBERS.get(platform.machine())
    if found is None:
        raise OSError(errno.ENOSYS, f"the system calls of {platform.machine()} are not known to vpcdns")
    return found


@functools.cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(what: str, number: int, *arguments: Any) -> int:
    """A system call by its number; `what` is its name, for the error."""
    return _checked(_libc().syscall(number, *arguments), what)


def unshare(flags: int) -> None:
    """Leave namespaces for new ones (unshare(2))."""
    _checked(_libc().unshare(flags), "unshare")


def mount(source: str | None, target: str, kind: str | None = None, flags: int = 0) -> None:
    """Attach a file system, or a part of one, at `target` (mount(2))."""
    result = _libc().mount(_encode(source), _encode(target), _encode(kind), ctypes.c_ulong(flags), None)
    _checked(result, f"mount {target}")


def umount(target: str) -> None:
    """Unmount, also what is in use."""
    _checked(_libc().umount2(_encode(target), MNT_DETACH), f"unmount {target}")


def _encode(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)


def no_new_privileges() -> None:
    """Promise that no program that is run from here gets more rights than this one (prctl(2))."""
    _checked(_libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def let_be_looked_at() -> None:
    """Undo what a change of rights does: that not even processes of the same rights may look into this one."""
    _checked(_libc().prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0), "dumpable")


def end_with_parent(number: int) -> None:
    """Get the signal `number` when the process ends that made this one; kept by exec(2)."""
    _checked(_libc().prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0), "parent-death signal")


def get_descriptor(process: int, number: int) -> int:
    """A copy of the descriptor `number` of a process, which a descriptor of its own stands for (pidfd_getfd(2), Linux 5.6)."""
    return syscall("pidfd_getfd", _PIDFD_GETFD, process, number, 0)


def wait_by(epoll: int, number: int, event: bytes) -> None:
    """Let `epoll` wait for the descriptor `number`; `event` as epoll_ctl(2) has it."""
    _checked(_libc().epoll_ctl(epoll, _EPOLL_CTL_ADD, number, ctypes.c_char_p(event)), "epoll_ctl")


def become_ones_own_root(user: int, group: int) -> None:
    """In a new user namespace, keep the user and the group that one has (user_namespaces(7))."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(text)


def bring_loopback_up() -> None:
    """Switch on the loopback interface of a new network namespace."""
    import fcntl  # noqa: PLC0415  not on Windows

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        _, flags = _IFREQ.unpack(fcntl.ioctl(sock, _SIOCGIFFLAGS, _IFREQ.pack(b"lo", 0)))
        fcntl.ioctl(sock, _SIOCSIFFLAGS, _IFREQ.pack(b"lo", flags | _IFF_UP))


def add_address(address: str) -> None:
    """Give the loopback interface one more address (rtnetlink(7))."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    octets = socket.inet_pton(family, address)
    body = _IFADDRMSG.pack(family, len(octets) * 8, _NO_DUPLICATE_CHECK, _SCOPE_HOST, _LOOPBACK_INDEX)
    body += _attribute(_IFA_LOCAL, octets) + _attribute(_IFA_ADDRESS, octets)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        sock.send(_NLMSG.pack(_NLMSG.size + len(body), _RTM_NEWADDR, _NLM_REQUEST_ACK_CREATE, 1, 0) + body)
        reply = sock.recv(4096)
    _, kind, *_ = _NLMSG.unpack_from(reply)
    code = -struct.unpack_from("=i", reply, _NLMSG.size)[0] if kind == _NLMSG_ERROR else 0
    if code:
        raise OSError(code, f"address {address}: {os.strerror(code)}")


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
