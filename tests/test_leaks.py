"""What never leaves: a real server asked everything that is private or special, and an upstream that listens to what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import dns.asyncquery
import dns.message
import dns.rcode

from proxy.app import Server
from proxy.compile.special_use import SPECIAL_USE
from proxy.configuration import NO_OVERRIDES, load
from proxy.source import find_source
from tests.upstream.servers import Replies, answer, serve

FILE = """
listen: [{{address: "127.0.0.1:0", view: a}}, {{address: "127.0.0.1:0", view: b}}, {{address: "127.0.0.1:0", view: internet}}]
upstream: {{servers: "127.0.0.1:{port}", timeout: 2s}}
vpcs:
  a:
    cidr: 10.0.0.0/16
    subnets: {{one: {{cidr: 10.0.1.0/24, az: us-east-1a}}}}
    instances: {{web: {{subnet: one, ip: 10.0.1.10, public_ip: 203.0.113.25}}}}
    endpoints:
      keys: {{service: kms, subnets: {{one: 10.0.1.20}}, id: vpce-0123456789abcdef0-aaaaaaaa}}
      bucket: {{service: s3, subnets: {{one: 10.0.1.21}}}}
  b: {{cidr: 10.1.0.0/16}}
private_zones:
  - {{name: example.com, vpcs: [a], records: {{www: 10.0.5.10, out: {{CNAME: public.example.net}}}}}}
  - {{name: corp.test, vpcs: [a, b], records: {{www: 10.0.5.10}}}}
public_zones: [{{name: ours.example, records: {{www: 203.0.113.7}}}}]
"""
EVERYWHERE = [
    *SPECIAL_USE,
    "vpcdns.test",
    "ours.example",
    "vpce-0123456789abcdef0-aaaaaaaa.kms.us-east-1.vpce.amazonaws.com",
]
VPCS = ["corp.test", "us-east-1.compute.internal", "0.10.in-addr.arpa", "127.in-addr.arpa"]
ONLY = {
    "a": [*EVERYWHERE, *VPCS, "example.com", "kms.us-east-1.amazonaws.com", "10.1.0.10.in-addr.arpa"],
    "b": [*EVERYWHERE, *VPCS],
    "internet": EVERYWHERE,
}
BELOW = ["", "a.", "x.y.z.", "_dns.", "*.", "_443._tcp.", "A-Long-Label-With-Capitals.", "xn--nxasmq6b."]
TYPES = ["A", "AAAA", "DS", "NS", "SOA", "TXT", "SVCB", "HTTPS", "DNSKEY", "NSEC", "ANY", "TYPE65280"]


def questions(view: str) -> Iterator[dns.message.Message]:
    for domain in ONLY[view]:
        for number, below in enumerate(BELOW):
            for kind in TYPES[number % 3 :: 3]:  # every kind for each domain, not for each name
                yield dns.message.make_query(f"{below}{domain}", kind, use_edns=0, want_dnssec=number % 2 == 0)


async def test_nothing_private_or_special_reaches_the_upstream_from_any_view(tmp_path: Path) -> None:
    def tells(query: dns.message.Message) -> Replies:
        return [answer(query, f"{query.question[0].name} 60 A 192.0.2.66").to_wire()]

    path = tmp_path / "vpcdns.yaml"
    async with serve(tells) as upstream:
        path.write_text(FILE.format(port=upstream.port))
        source = find_source(str(path), {}, tmp_path, tmp_path, tmp_path)
        async with Server(load(source), source, NO_OVERRIDES) as server:
            places = asyncio.Semaphore(50)

            async def ask(query: dns.message.Message, port: int) -> None:
                async with places:
                    response = await dns.asyncquery.udp(query, "127.0.0.1", port=port, timeout=30)
                assert response.rcode() in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.REFUSED}
                assert "192.0.2.66" not in response.to_text()

            for socket in server.sockets:
                assert socket.listener.view is not None
                asked = list(questions(socket.listener.view))
                assert len(asked) > 700
                await asyncio.gather(*(ask(query, socket.address[1]) for query in asked))
            names = {str(query.question[0].name).lower() for query in upstream.over_udp}
            assert names == {"instance.vpcdns.test."}, "the probe for loops, and nothing else"
            [to_outside] = [dns.message.make_query("out.example.com", "A")]
            await dns.asyncquery.udp(to_outside, "127.0.0.1", port=server.sockets[0].address[1], timeout=30)
            names = {str(query.question[0].name).lower() for query in upstream.over_udp}
            assert names == {"instance.vpcdns.test.", "public.example.net."}, "of a CNAME only where it leads"
