"""The addresses at which a VPC has its resolver, in a network of its own that holds them all, and where nobody answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
CONFIGURATION = """
listen: ["10.0.0.2:53", "169.254.169.253:53", "[fd00:ec2::253]:53", "10.3.0.2:53"]
upstream: {mode: off}
vpcs:
  a: {cidr: [10.0.0.0/16, 10.5.0.0/16, "fd00:1::/56"]}
  b: {cidr: 10.1.0.0/16}
  mute: {cidr: 10.3.0.0/16, enable_dns_support: false}
peerings: [{vpcs: [a, b], dns_resolution: true}]
private_zones: [{name: example.com, vpcs: [a], records: {www: 10.0.5.10}}]
public_records: {www.example.com: 203.0.113.10}
"""
CLIENT = """
import sys, dns.exception, dns.message, dns.query

for server, source in (pair.split(",") for pair in sys.argv[1:]):
    shown = []
    for way in (dns.query.udp, dns.query.tcp):
        try:
            reply = way(dns.message.make_query("www.example.com", "A"), server, timeout=0.5, source=source)
            shown.append(reply.answer[0][0].to_text())
        except (OSError, EOFError, dns.exception.DNSException):
            shown.append("nothing")
    print(server, source, *shown)
"""
SCRIPT = """
set -eu
ip link set lo up
for address in 10.0.0.2/32 10.0.1.9/32 10.1.0.9/32 10.3.0.2/32 10.5.0.2/32 10.5.0.9/32 169.254.169.253/32; do
    ip address add "$address" dev lo
done
ip -6 address add fd00:ec2::253/128 dev lo
ip -6 address add fd00:1::9/128 dev lo
"$2" -m proxy -c "$1/vpcdns.yaml" serve --no-watch 2>"$1/log" &
server=$!
for _ in $(seq 100); do grep -q '^upstream: ' "$1/log" && break; sleep 0.05; done
"$2" "$1/client.py" {pairs}
kill $server
wait $server
"""
ASKED = {
    "10.0.0.2,10.0.1.9": "10.0.5.10",
    "10.0.0.2,10.5.0.9": "10.0.5.10",
    "169.254.169.253,10.0.1.9": "10.0.5.10",
    "fd00:ec2::253,fd00:1::9": "10.0.5.10",
    "169.254.169.253,10.1.0.9": "203.0.113.10",
    "10.5.0.2,10.0.1.9": "nothing",
    "10.0.0.2,10.1.0.9": "nothing",
    "10.3.0.2,10.3.0.2": "nothing",
}


def test_the_resolver_is_where_aws_has_it_and_nowhere_else(tmp_path: Path) -> None:
    if sys.platform != "linux" or shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("needs Linux with unshare and ip")
    alone = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "--net", "--map-root-user"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine gives no namespaces")
    (tmp_path / "vpcdns.yaml").write_text(CONFIGURATION)
    (tmp_path / "client.py").write_text(CLIENT)
    script = SCRIPT.format(pairs=" ".join(ASKED))
    command = [*alone, "sh", "-c", script, "sh", str(tmp_path), sys.executable]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=HOUSE, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr + (tmp_path / "log").read_text()
    assert ran.stdout.splitlines() == [f"{pair.replace(',', ' ')} {expected} {expected}" for pair, expected in ASKED.items()]
