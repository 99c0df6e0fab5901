"""What is true of every answer, and worlds to ask."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.message
from dnslib import DNSError, DNSRecord

from proxy.dns.errors import MalformedMessage
from proxy.dns.query import FLAG_AA, FLAG_QR, FLAG_RA, FLAG_RD, FLAG_TC, Query, read_query
from proxy.dns.write import TCP_SIZE, udp_limit
from proxy.model.plan import ClientAddress
from proxy.model.world import World
from tests.worlds import world_of

FOLDER = Path(__file__).parent
HOSTS = ("127.0.0.1", "::1", "10.0.1.7", "2001:db8:64:1::7", "10.1.0.9", "10.2.0.9", "198.51.100.1", "203.0.113.1")

_OPCODE = 0x7800
_ALL_THAT_IS_SET = FLAG_QR | FLAG_RA | FLAG_RD | FLAG_TC | _OPCODE | 0xF


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@contextmanager
def no_defects() -> Iterator[None]:
    """What the program would log as a defect of its own, and answer all the same, is raised instead."""
    logger, handler = logging.getLogger("proxy"), _Raiser(logging.ERROR)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _Raiser(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        raise error or AssertionError(record.getMessage())


def world(name: str) -> World:
    """The world of a file in this folder."""
    return world_of((FOLDER / name).read_text())


def client_of(choice: int) -> ClientAddress:
    """One of the clients, by the low four bits of an octet."""
    return ClientAddress(HOSTS[choice & 7], 40000, tcp=bool(choice & 8))


def check_answer(packet: bytes, answer: bytes | None, *, tcp: bool, others_data: bool = False) -> None:
    """Assert what is true of any answer to `packet`, whatever is asked of whom; `answer` is None for silence.

    With `others_data`, some of it came from another server: what its records hold is passed on, whatever it is.
    """
    if len(packet) < 12 or packet[2] & 0x80:
        assert answer is None, "a reply is never answered, nor is what has no id"
    if answer is None:
        return
    sent, flags = int.from_bytes(packet[2:4], "big"), int.from_bytes(answer[2:4], "big")
    assert answer[:2] == packet[:2]
    assert flags & FLAG_QR
    assert not flags & FLAG_AA
    assert not flags & ~_ALL_THAT_IS_SET
    assert flags & (_OPCODE | FLAG_RD) == sent & (_OPCODE | FLAG_RD)
    query = _read(packet)
    if not isinstance(query, Query):
        assert answer[3] & 0xF == query
        assert answer[4:] == bytes(8), "a header alone"
        return
    assert answer[4:6] == b"\0\1"
    assert answer[12 : 12 + len(query.question)] == query.question, "octet for octet, letter case included"
    assert len(answer) <= (TCP_SIZE if tcp else udp_limit(query))
    assert not (tcp and flags & FLAG_TC and len(answer) < 512), "over TCP there is room"
    theirs = dns.message.from_wire(answer, one_rr_per_rrset=True, continue_on_error=others_data)
    assert (theirs.edns >= 0) is (query.edns is not None)
    if not others_data:
        _read_by_dnslib(answer)


def _read(packet: bytes) -> Query | int | None:
    """The query in `packet`, or the rcode that it deserves."""
    try:
        return read_query(packet)
    except MalformedMessage as error:
        return error.rcode


def _read_by_dnslib(answer: bytes) -> None:
    """A third opinion, but for names whose octets are no UTF-8, which dnslib does not take."""
    try:
        DNSRecord.parse(answer)
    except DNSError as error:
        if "Invalid label" not in str(error):
            raise
