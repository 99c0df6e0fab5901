"""What a configuration holds, counted, and every name of it once."""

from __future__ import annotations

from pathlib import Path

from proxy.configuration import Configuration, load
from proxy.dns.codes import type_word
from proxy.dns.names import name_text
from proxy.inventory import Counts, count, names_of
from proxy.source import find_source

FILE = """
region: eu-west-1
upstream: {mode: off}
vpcs:
  a: {cidr: 10.0.0.0/16, endpoints: {q: {service: sqs, addresses: 10.0.0.9}}, inbound_endpoints: {dc: {}}}
  b: {cidr: 10.1.0.0/16}
private_zones:
  - name: example.com
    vpcs: [a]
    records:
      www: [10.0.5.10, "2001:db8::1"]
      six: "2001:db8::2"
      "@": {MX: "10 mail.example.com", TXT: hello}
      alias: {CNAME: www.example.com}
      "*.x": 10.0.5.11
  - {name: example.com, vpcs: [b], records: {www: 10.1.5.10}}
public_zones: [{name: pub.example, records: {www: 203.0.113.1}}]
public_records: {www.example.com: 203.0.113.10, sqs.eu-west-1.amazonaws.com: 203.0.113.11}
simulated_servers: {192.0.2.1: {records: {far.example: {TXT: x}}}}
"""


def configuration(tmp_path: Path, text: str) -> Configuration:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    return load(find_source(str(path), {}, tmp_path, tmp_path, tmp_path))


def test_everything_is_counted(tmp_path: Path) -> None:
    """Records are record sets: two addresses of a kind are one, an A and an AAAA two."""
    assert count(configuration(tmp_path, FILE)) == Counts(views=4, vpcs=2, private_zones=2, records=12, endpoints=1)
    assert count(configuration(tmp_path, "")) == Counts(views=1, vpcs=0, private_zones=0, records=0, endpoints=0)


def test_the_short_form_is_counted_as_what_it_means(tmp_path: Path) -> None:
    short = "endpoints: {sqs: 10.0.0.1, db.corp.example: 10.0.0.2}\n"
    assert count(configuration(tmp_path, short)) == Counts(views=2, vpcs=1, private_zones=1, records=1, endpoints=1)


def test_every_name_stands_once_with_the_type_that_tells_most(tmp_path: Path) -> None:
    names = [f"{name_text(name)} {type_word(kind)}" for name, kind in names_of(configuration(tmp_path, FILE))]
    assert names[0] == "sqs.eu-west-1.amazonaws.com A"
    assert [name for name in names if "amazonaws" not in name and ".api.aws" not in name] == [
        "www.example.com A",
        "www.pub.example A",
        "far.example TXT",
        "six.example.com AAAA",
        "example.com MX",
        "alias.example.com A",
        "*.x.example.com A",
    ]


def test_an_empty_file_has_no_names(tmp_path: Path) -> None:
    assert names_of(configuration(tmp_path, "")) == []


def test_names_of_instances_are_there_with_those_of_peers(tmp_path: Path) -> None:
    text = """
        region: us-east-1
        vpcs:
          a:
            cidr: [10.0.0.0/16, "2001:db8::/56"]
            instances: {web: {ip: 10.0.1.5, ipv6: "2001:db8::5", id: i-0aa, resource_name_aaaa: true, public_ip: 203.0.113.5}}
          b: {region: us-west-2, cidr: 10.1.0.0/16, instances: {db: {ip: 10.1.1.5, id: i-0bb}}}
        peerings: [{vpcs: [a, b], dns_resolution: [b]}]
        """
    names = [f"{name_text(name)} {type_word(kind)}" for name, kind in names_of(configuration(tmp_path, text))]
    assert sorted(names) == [
        "ec2-203-0-113-5.compute-1.amazonaws.com A",
        "i-0aa.ec2.internal AAAA",
        "ip-10-0-1-5.ec2.internal A",
        "ip-10-1-1-5.us-west-2.compute.internal A",
    ]
