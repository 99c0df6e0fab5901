"""Write `config/REFERENCE.md`: every key of the file with what it takes and its default, drawn from the program's own keys.

    python -m tools.write_reference

Must never say anything of a key that its line in `proxy/settings/` does not: to change a row, change it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from proxy.settings.records import RECORD_TYPES
from proxy.settings.schema import Row, reference

TARGET = Path(__file__).parent.parent / "config" / "REFERENCE.md"

# A default that a file could have, as against one that is told in words.
_IS_VALUE = re.compile(r"(?!none|anywhere)[\w.:-]+|\[.*\]").fullmatch

_INTRODUCTION = """\
# Reference of the configuration file

<!-- Written by `python -m tools.write_reference`; a test sees to it that it is up to date.  Do not edit it by hand. -->

One YAML file, or a folder of them that are read together.
Everything is optional but what is marked **required**, and only inside of what you use.
An unknown key is an error, and every problem of a file is reported at once, with line and column.

How to read the tables: `NAME` stands for a name that you choose, `[]` for each item of a list; where a key takes one thing
"or a list of such", one thing needs no brackets.
`true` and `false` are the only booleans: `on`, `off`, `yes` and `no` are words.
A time has its unit (`500ms`, `2s`, `15m`, `1h`, `1d`); a TTL may be plain seconds.
Names may have their final dot or not, in any letter case.
An IPv6 address inside `[…]` or `{…}` needs quotation marks.

`vpcdns schema` prints the same as a JSON schema, for your editor.
"""

_RECORDS = f"""\
## Records

`records` leads from a name to what it has.
In a zone the name is relative to it: `@` is the zone itself, `*` a wildcard; a final dot makes a name whole.
In `public_records` and `simulated_servers` every name is whole.

```yaml
private_zones:
  - name: corp.example
    vpcs: []
    records:
      www: 10.0.5.10                                  # an address: an A or AAAA record, TTL 300
      pool: [10.0.5.11, 10.0.5.12]                    # several of them
      api: {{CNAME: www.corp.example, ttl: 120}}        # TYPE: value or list of values, as in a zone file; their TTL
      "@": {{MX: ["10 mx.corp.example."], TXT: "v=spf1 -all"}}
      "*.preview": 10.0.5.99
```

The types: {", ".join(sorted(RECORD_TYPES))}.
A name inside a value is whole, with its final dot or without, as in the API of Route 53.
A TXT value that does not begin with a quotation mark is one string, blanks included.
A zone has Amazon's SOA and NS records unless you give your own at `@`.

### Aliases

Only private zones have them.
An alias answers for its own type (`type`, A unless you say another, or a list) with what its target has, as if it were its
own: no CNAME is visible, and the TTL is the target's, so an alias has none.

```yaml
private_zones:
  - name: shop.example
    vpcs: [app]
    records:
      www: {{A: 10.0.5.10, ttl: 120}}
      "@": {{alias: www.shop.example, type: A}}               # a name of this zone, which has a record of that type
      kms: {{alias: keys}}                                   # an endpoint: its handle, or VPC/handle
      lb: {{alias: internal-shop-1.us-east-1.elb.amazonaws.com, type: [A, AAAA]}}
vpcs:
  app:
    endpoints:
      keys: {{service: kms, addresses: 10.0.1.50}}
```

A target is the handle of an endpoint, in the zone's VPCs first; a DNS name of an endpoint, regional or zonal; a name of the
same zone, which may be an alias itself or have a routing policy; or the public name of a load balancer, an API Gateway domain,
an Elastic Beanstalk environment, an S3 website, an accelerator or another AWS resource that Route 53 knows.
The last are looked up in public DNS at each query, `public_records` first.
An alias to an endpoint may be of type AAAA, though AWS documents A alone.

### Routing policies

Only private zones have them.
Under one name stands a list of record sets, each with an `id`, one policy, and the `health` of its health check if it has one.

```yaml
private_zones:
  - name: shop.example
    vpcs: []
    records:
      app:
        - {{id: blue, A: 10.0.8.1, weight: 1, ttl: 60}}
        - {{id: green, A: 10.0.8.2, weight: 3, ttl: 60, health: down}}
        - {{TXT: beside them, without a policy}}
```

- **weight**: by chance, each as often as its weight is of the sum. A weight of 0 comes only where no other can; one value a set,
  the same TTL in all.
- **failover**: the primary one while it is healthy, else the secondary; where neither is, the primary one.
- **multivalue**: all healthy ones together, eight of them by chance where there are more.
- **latency**: the nearest region to that of the VPC that asks. AWS measures latency; here the distance along the earth's surface
  stands in for it, between coordinates of the regions' cities that were taken from a map.
- **geolocation**: the smallest place that has the VPC's region in it (a state of the United States, a country, a continent),
  else the `default`; without one the answer is empty.
- **geoproximity**: the nearest region again; a positive bias shortens its distance by so many hundredths, a negative one
  lengthens it.

A set without `health` counts as healthy; where none is healthy, all count as healthy.
An alias among them has the health of its target in the zone, as with `EvaluateTargetHealth: true`.
What `check` runs under `expect` always takes the first of what chance could choose; `any_of` names the others too.
"""

_HEADINGS = {
    "": "The whole file",
    "listen[]": "Listeners",
    "vpcs.NAME": "VPCs",
    "vpcs.NAME.subnets.NAME": "Subnets",
    "vpcs.NAME.endpoints.NAME": "Endpoints",
    "vpcs.NAME.endpoints.NAME.domains.NAME": "Domains of an endpoint",
    "vpcs.NAME.inbound_endpoints.NAME": "Inbound resolver endpoints",
    "endpoint_services.NAME": "Endpoint services",
    "private_zones[]": "Private zones",
    "private_zones[].records.NAME[]": "Record sets with a routing policy",
    "public_zones[]": "Public zones",
    "resolver_rules[]": "Resolver rules",
    "profiles[]": "Profiles",
    "simulated_servers.ADDRESS": "Simulated servers",
    "firewall_rule_groups[]": "DNS Firewall's rule groups",
    "firewall_rule_groups[].rules[]": "DNS Firewall's rules",
    "firewall_rule_groups[].rules[].override": "The record of an override",
    "peerings[]": "Peerings",
    "upstream": "Upstream",
    "cache": "Cache",
    "limits": "Limits",
    "query_log": "Query log",
    "admin": "Control API and metrics",
    "quirks": "Quirks",
    "expect[]": "Expectations",
    "expect": "The expectation that a file is refused",
}


def reference_text() -> str:
    """The whole document; KeyError where a part of the file has no heading yet."""
    rows: dict[str, list[Row]] = {section: [] for section in _HEADINGS}
    for row in reference():
        rows[_section(row)].append(row)
    return "\n".join([_INTRODUCTION, *(_part(section, found) for section, found in rows.items()), _RECORDS])


def _section(row: Row) -> str:
    """The heading that a row stands under: the longest that its path begins with."""
    covering = [section for section in _HEADINGS if row.path.startswith(f"{section}.")]
    return max(covering, key=len, default="" if "." not in row.path else row.path)


def _part(section: str, rows: Iterable[Row]) -> str:
    title = f"## {_HEADINGS[section]}" + (f": `{section}`" if section != _HEADINGS[section].lower() and section else "")
    lines = [title, "", "| key | takes | default | what it is |", "|---|---|---|---|"]
    for row in rows:
        key = row.path.removeprefix(section).removeprefix(".")
        lines.append(f"| `{key}` | {_cell(row.takes)} | {_default(row)} | {_cell(row.about)} |")
    return "\n".join(lines) + "\n"


def _default(row: Row) -> str:
    if row.default == "required":
        return "**required**"
    if not row.default:
        return "see below" if row.path in _HEADINGS else "none"
    return f"`{row.default}`" if _IS_VALUE(row.default) else _cell(row.default)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("  ", " ")


if __name__ == "__main__":
    TARGET.write_text(reference_text())
