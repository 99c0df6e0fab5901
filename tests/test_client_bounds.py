"""What one client may send, and be sent, in a second."""

from __future__ import annotations

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from proxy.flow import Flow
from proxy.model.plan import ClientAddress
from tests.engines import HOME, Clock, addresses, engine_of, question, say


def test_what_a_client_of_a_vpc_sends_over_its_bound_is_dropped_until_its_second_is_over() -> None:
    clock = Clock()
    engine = engine_of(clock=clock)
    engine.flow = Flow(1024)
    packet = question("www.example.com").to_wire()

    def answered(number: int, host: str = "10.0.1.1", view: str | None = None) -> int:
        return sum(engine.handle(packet, ClientAddress(host, 1, tcp=False), view) is not None for _ in range(number))

    assert answered(2000) == 1024
    assert engine.dropped == 976
    assert answered(10, "10.0.1.2") == 10
    assert answered(2000, "10.0.1.1", "internet") == 2000
    clock.time += 0.999
    assert answered(5) == 0
    clock.time += 0.002
    assert answered(2000) == 1024


def test_the_bound_is_not_for_inbound_endpoints() -> None:
    engine = engine_of("vpcs: {a: {cidr: 10.0.0.0/16, inbound_endpoints: {onprem: {}}}}")
    engine.flow = Flow(1)
    for _ in range(3):
        say(engine, question("health.vpcdns.test"), view="a/onprem")
    assert engine.dropped == 0


def test_what_a_client_is_sent_over_its_bound_is_word_to_ask_over_tcp_every_second_time() -> None:
    clock = Clock()
    engine = engine_of(clock=clock)
    engine.rate = Flow(3)
    packet = question("www.example.com", use_edns=0).to_wire()
    stranger = ClientAddress("198.51.100.1", 40000, tcp=False)
    for client, silent in ((HOME, [4, 6]), (stranger, [3, 5, 7])):
        answers = [engine.handle(packet, client, None) for _ in range(8)]
        assert [number for number, each in enumerate(answers) if each is None] == silent
        for told in (each for each in answers[3:] if isinstance(each, bytes)):
            answer = dns.message.from_wire(told)
            assert answer.flags & dns.flags.TC
            assert (answer.answer, answer.rcode(), told[:2]) == ([], 0, packet[:2])
            assert len(told) <= len(packet)
    assert engine.limited == 10
    assert addresses(say(engine, question("www.example.com"), tcp=True)) == ["203.0.113.10"], "over TCP nobody can lie"
    clock.time += 1
    assert addresses(say(engine, question("www.example.com"))) == ["203.0.113.10"]
    engine.rate = Flow(1)
    assert engine.handle(b"\0\0\1\0" + bytes(8), HOME, None) is not None
    assert [engine.handle(b"\0\0\1\0" + bytes(8), HOME, None) for _ in range(4)] == [None] * 4


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [("10.0.0.1", "10.0.0.2", False), ("2001:db8::1", "2001:db8::2:0:0:1", True), ("2001:db8::1", "2001:db8:0:1::1", False)],
)
def test_a_64_of_ipv6_is_one_client(first: str, second: str, same: bool) -> None:
    engine = engine_of()
    engine.rate = Flow(1)
    say(engine, question("www.example.com"), first)
    engine.handle(question("www.example.com").to_wire(), ClientAddress(second, 40000, tcp=False), None)
    assert engine.limited == int(same)
