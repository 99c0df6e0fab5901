"""Worlds written in Python.  They become the text of a configuration: what is right in it is decided where files are read.

JSON is YAML, so no library is needed to write it.

    >>> World(region="eu-west-1").vpc("app", "10.0.0.0/16").endpoint("app", "sqs", "10.0.1.20").as_dict()["vpcs"]
    {'app': {'cidr': '10.0.0.0/16', 'endpoints': {'sqs': {'service': 'sqs', 'addresses': ['10.0.1.20']}}}}
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

from proxy.source import Files, Source

Value = str | Sequence[Any] | Mapping[str, Any]
"""What a record may be in the file: an address, `{"CNAME": "www.example.com", "ttl": 60}`, a list of record sets."""

_NAME = "the test's world"


class World:
    """A configuration, built up key by key.  Each method gives a new world, so one can be shared and added to.

    Unlike a file's, its `upstream` is off unless it says otherwise: a test asks nobody by mistake.  `keys` are further keys of
    the file's top (`quirks={…}`, `firewall_rule_groups=[…]`).
    """

    __slots__ = ("_data",)

    def __init__(self, *, region: str = "us-east-1", **keys: Any) -> None:
        self._data: dict[str, Any] = {"region": region, "upstream": {"mode": "off"}, **keys}

    def vpc(self, name: str, cidr: str | Sequence[str] | None = None, **keys: Any) -> World:
        """With a VPC; `keys` are those of `vpcs.NAME` (`subnets={…}`, `enable_dns_support=False`)."""
        return self._in("vpcs", name, ({} if cidr is None else {"cidr": cidr}) | keys)

    def endpoint(self, vpc: str, service: str, *addresses: str, name: str | None = None, **keys: Any) -> World:
        """With an endpoint of `vpc` at `addresses`; `keys` are those of `vpcs.VPC.endpoints.NAME` (`private_dns=False`)."""
        told = {"service": service, **({"addresses": list(addresses)} if addresses else {}), **keys}
        endpoints = self._data.get("vpcs", {}).get(vpc, {}).get("endpoints", {})
        return self._in("vpcs", vpc, {"endpoints": {**endpoints, name or service.replace(".", "-"): told}})

    def private_zone(self, name: str, records: Mapping[str, Value], *, vpcs: str | Sequence[str], **keys: Any) -> World:
        """With a private zone, or with more records in the one of that name on those VPCs."""
        associated = [vpcs] if isinstance(vpcs, str) else list(vpcs)
        return self._zone("private_zones", {"name": name, "vpcs": associated, **keys}, records)

    def public_zone(self, name: str, records: Mapping[str, Value]) -> World:
        """With a zone of the internet, all of which the test knows: other names in it do not exist."""
        return self._zone("public_zones", {"name": name}, records)

    def public(self, name: str, *addresses: str) -> World:
        """With a name of the internet; what `addresses` there are."""
        return self._in("public_records", name, list(addresses))

    def rule(self, domain: str, *targets: str, vpcs: str | Sequence[str], **keys: Any) -> World:
        """With a resolver rule; `keys` are those of `resolver_rules[N]` (`type="system"`)."""
        told = {"domain": domain, "vpcs": vpcs, **({"targets": list(targets)} if targets else {}), **keys}
        return self.with_keys(resolver_rules=[*self._data.get("resolver_rules", ()), told])

    def simulated_server(self, address: str, records: Mapping[str, Value]) -> World:
        """With a DNS server elsewhere, for rules to lead to."""
        return self._in("simulated_servers", address, {"records": dict(records)})

    def with_keys(self, **keys: Any) -> World:
        """With other values for keys of the file's top."""
        new = World()
        new._data = {**self._data, **keys}
        return new

    def as_dict(self) -> dict[str, Any]:
        """The whole as the file has it: a copy."""
        copy: dict[str, Any] = json.loads(json.dumps(self._data))
        return copy

    def as_yaml(self) -> str:
        """The text of the file, for `vpcdns -c`."""
        return json.dumps(self._data, indent=2, ensure_ascii=False) + "\n"

    def __repr__(self) -> str:
        return f"<World: {', '.join(self._data)}>"

    def _in(self, section: str, name: str, value: Any) -> World:
        """With one key more in a section; what it has as a mapping is kept."""
        known = self._data.get(section, {})
        if isinstance(value, Mapping):
            value = {**known.get(name, {}), **value}
        return self.with_keys(**{section: {**known, name: value}})

    def _zone(self, section: str, head: Mapping[str, Any], records: Mapping[str, Value]) -> World:
        zones = list(self._data.get(section, ()))
        for at, zone in enumerate(zones):
            if {**zone, **head} == zone:
                zones[at] = {**zone, "records": {**zone["records"], **records}}
                break
        else:
            zones.append({**head, "records": dict(records)})
        return self.with_keys(**{section: zones})


Config = World | str | Path | Mapping[str, Any]
"""A world; the path of a file or folder; a text of several lines that is the file; what a file has, as a mapping."""


class NoSuchConfig(Exception):
    """A configuration that is not where it was looked for; the text says where that was."""


class _Text(Source):
    def __init__(self, text: str) -> None:
        super().__init__(_NAME, "the test's")
        self._text = text

    def fingerprint(self) -> Hashable:
        return self._text

    def _read(self) -> list[tuple[str, bytes]]:
        return [(self.name, self._text.encode())]


def source_of(config: Config, folders: Sequence[Path] = ()) -> Source:
    """Where to read `config`; a relative path begins at the first of `folders` that has it, or at the current one."""
    if isinstance(config, World):
        return _Text(config.as_yaml())
    if isinstance(config, Mapping):
        return _Text(json.dumps(config, indent=2, ensure_ascii=False))
    if isinstance(config, str) and "\n" in config:
        return _Text(config)
    if not isinstance(config, str | Path):
        raise NoSuchConfig(f"{config!r} is no configuration: give a World, a mapping, a path, or a text of several lines")
    looked_in = list(dict.fromkeys((*folders, Path.cwd())))
    for folder in looked_in:
        if (folder / config).exists():
            return Files(folder / config, str(config), "the test's")
    raise NoSuchConfig(f"there is no {config} in {', '.join(map(str, looked_in))}")
