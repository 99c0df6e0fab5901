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
