"""The zones of the authoritative server, and the 2,000 questions about them.

Every question is about a name of its own, so that it is a miss the first time whatever was asked before.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype

ZONE, CHILD, OTHER, SIGNED, REVERSE = "peers.net", "child.peers.net", "elsewhere.org", "signed.peers.net", "9.9.in-addr.arpa"
NUMBER = 2000

_SOA = "3600 IN SOA ns.{zone}. mail.{zone}. 1 7200 900 1209600 {minimum}"


@dataclass(frozen=True)
class Asked:
    """A question as it is asked: what is about it, its name and type, and what the header and the OPT say."""

    about: str
    name: str
    kind: str
    rclass: str = "IN"
    edns: int | None = 1232
    do: bool = False
    cd: bool = False
    ad: bool = False
    rd: bool = True
    version: int = 0
    options: tuple[dns.edns.Option, ...] = ()
    mixed: int | None = None

    def message(self, ident: int) -> dns.message.Message:
        """The query."""
        made = dns.message.make_query(
            self._name(), dns.rdatatype.from_text(self.kind), dns.rdataclass.from_text(self.rclass)
        )
        made.id = ident
        made.flags = (dns.flags.RD if self.rd else 0) | (dns.flags.CD if self.cd else 0) | (dns.flags.AD if self.ad else 0)
        if self.edns is not None:
            flags = self.version << 16 | (dns.flags.DO if self.do else 0)
            made.use_edns(0, flags, self.edns, options=list(self.options))
        return made

    def _name(self) -> dns.name.Name:
        name = dns.name.from_text(self.name)
        if self.mixed is None:
            return name
        chance = random.Random(self.mixed)
        return dns.name.Name(
            [bytes(_other_case(octet) if chance.random() < 0.5 else octet for octet in label) for label in name.labels]
        )

    @property
    def limit(self) -> int:
        """How many octets its answer may have over UDP."""
        return 512 if self.edns is None else max(512, self.edns)

    def __str__(self) -> str:
        said = f"{self.about}: {self.name} {self.rclass} {self.kind}"
        edns = "no EDNS" if self.edns is None else f"EDNS {self.edns}"
        return " ".join(
            [said, edns, *(word for word in ("do", "cd", "ad") if getattr(self, word)), "" if self.rd else "no RD"]
        )


def _option(number: int, data: bytes) -> dns.edns.Option:
    return dns.edns.GenericOption(dns.edns.OptionType(number), data)


def _other_case(octet: int) -> int:
    return octet ^ 0x20 if chr(octet).isascii() and chr(octet).isalpha() else octet


@dataclass
class Zones:
    """The lines of each zone's file."""

    lines: dict[str, list[str]] = field(default_factory=dict)

    def add(self, zone: str, *lines: str) -> None:
        """Records, as master files have them."""
        self.lines.setdefault(zone, []).extend(lines)


def make() -> tuple[Zones, list[Asked]]:
    """The zones, and the questions in an order of chance."""
    zones, asked = Zones(), list[Asked]()
    for zone in (".", ZONE, CHILD, OTHER, SIGNED, REVERSE):
        name = "" if zone == "." else zone
        ns = "ns.peers.net" if zone == "." else f"ns.{name}"
        soa = _SOA.format(zone=f"{name}.".removesuffix(".") or "root-servers", minimum=300)
        zones.add(zone, f"{name}. {soa}", f"{name}. 3600 IN NS {ns}.")
    for zone in (ZONE, CHILD, OTHER, SIGNED, REVERSE):
        zones.add(zone, f"ns.{zone}. 3600 IN A 127.0.0.1")
    zones.add(ZONE, f"{CHILD}. 3600 IN NS ns.{CHILD}.", f"ns.{CHILD}. 3600 IN A 127.0.0.1")
    zones.add(ZONE, f"{SIGNED}. 3600 IN NS ns.{SIGNED}.", f"ns.{SIGNED}. 3600 IN A 127.0.0.1")
    zones.add(ZONE, f"dead.{ZONE}. 3600 IN NS ns.dead.{ZONE}.", f"ns.dead.{ZONE}. 3600 IN A 127.0.0.9")
    chance = random.Random(20)
    makers = [(maker, weight) for maker, weight in _MAKERS.items() for _ in range(1)]
    total = sum(weight for _, weight in makers)
    for maker, weight in makers:
        for number in range(round(NUMBER * weight / total)):
            asked += maker(zones, number, chance)
    spare = 0
    while len(asked) < NUMBER:
        asked += _address(zones, 10_000 + spare, chance)
        spare += 1
    chance.shuffle(asked)
    return zones, [_varied(each, number, chance) for number, each in enumerate(asked[:NUMBER])]


def _varied(asked: Asked, number: int, chance: random.Random) -> Asked:
    """With other EDNS, bits and letters, where the maker has not said."""
    if asked.edns != 1232 or asked.options or asked.version:
        return asked
    edns = chance.choice([None, None, 0, 512, 1232, 1232, 1232, 4096, 65535])
    do = edns is not None and chance.random() < 0.2
    cd, ad, mixed = chance.random() < 0.1, chance.random() < 0.1, chance.random() < 0.3
    return replace(asked, edns=edns, do=do, cd=cd, ad=ad, mixed=number if mixed else None)


def _address(zones: Zones, number: int, chance: random.Random) -> Iterator[Asked]:
    name = f"a{number}.{ZONE}"
    zones.add(ZONE, f"{name}. {chance.choice([200, 300, 86400])} IN A 192.0.2.{number % 250}")
    yield Asked("one address", name, "A")


def _addresses(zones: Zones, number: int, chance: random.Random) -> Iterator[Asked]:
    name = f"m{number}.{ZONE}"
    kind, form = chance.choice([("A", "192.0.2.{}"), ("AAAA", "2001:db8::{}")])
    zones.add(ZONE, *(f"{name}. 300 IN {kind} {form.format(last)}" for last in range(1, chance.choice([2, 3, 8]) + 1)))
    yield Asked("several addresses", name, kind)


def _many(zones: Zones, number: int, _: random.Random) -> Iterator[Asked]:
    name = f"many{number}.{ZONE}"
    zones.add(ZONE, *(f"{name}. 300 IN A 192.0.2.{last}" for last in range(1, 101)))
    yield Asked("a hundred addresses", name, "A")


def _with_glue(zones: Zones, number: int, chance: random.Random) -> Iterator[Asked]:
    name, host = f"svc{number}.{ZONE}", f"host{number}.{ZONE}"
    zones.add(ZONE, f"{host}. 120 IN A 192.0.2.7", f"{host}. 120 IN AAAA 2001:db8::7")
    kind, data = chance.choice([("MX", f"10 {host}."), ("SRV", f"1 2 443 {host}."), ("NS", f"{host}."), ("PTR", f"{host}.")])
    if kind == "NS":
        kind, data = "AFSDB", f"1 {host}."
    zones.add(ZONE, f"{name}. 300 IN {kind} {data}")
    yield Asked(f"{kind} with the host in the zone", name, kind)


def _text(zones: Zones, number: int, chance: random.Random) -> Iterator[Asked]:
    name = f"txt{number}.{ZONE}"
    data = chance.choice(['"one"', '""', '"a" "b" ""', r'"\000\255\"\\"', '"x;y  z"', f'"{"y" * 255}"'])
    zones.add(ZONE, f"{name}. 300 IN TXT {data}")
    yield Asked("TXT", name, "TXT")


def _long_text(zones: Zones, number: int, chance: random.Random) -> Iterator[Asked]:
    name, size = f"long{number}.{ZONE}", chance.choice([500, 1180, 1300, 3900, 9000])
    zones.add(ZONE, f"{name}. 300 IN TXT " + " ".join(f'"{"z" * 200}"' for _ in range(size // 200)))
    yield Asked("a long TXT", name, "TXT")


def _chain(zones: Zones, number: int, chance: random.Random) -> Iterator[Asked]:
    length = chance.choice([1, 2, 7])
    names = [f"c{number}-{step}.{ZONE}" for step in range(length)]
    end, kind = chance.choice(
        [
            (f"end{number}.{ZONE}", "A"),
            (f"end{number}.{OTHER}", "A"),
            (f"gone{number}.{ZONE}", "A"),
            (f"end{number}.{ZONE}", "MX"),
        ]
    )
    if end.startswith("end"):
        zones.add(end.partition(".")[2], f"{end}. 260 IN A 192.0.2.9")
    zones.add(ZONE, *(f"{one}. 200 IN CNAME {other}." for one, other in zip(names, [*names[1:], end], strict=True)))
    what = "nothing" if end.startswith("gone") else "an address" if kind == "A" else "no such type"
    where = " in another zone" if end.endswith(OTHER) else ""
    yield Asked(f"CNAME to {what}{where}", names[0], kind)


def _alias(zones: Zones, number: int, chance: random.Random) -> Iterator[Asked]:
    name = f"alias{number}.{ZONE}"
    zones.add(ZONE, f"{name}. 200 IN CNAME {chance.choice([name, f'a1.{ZONE}'])}.")
    yield Asked("CNAME itself", name, "CNAME")


def _loop(zones: Zones, number: int, _: random.Random) -> Iterator[Asked]:
    one, other = f"loop{number}.{ZONE}", f"pool{number}.{ZONE}"
    zones.add(ZONE, f"{one}. 260 IN CNAME {other}.", f"{other}. 260 IN CNAME {one}.")
    yield Asked("CNAMEs in a circle", one, "A")


def _dname(zones: Zones, number: int, chance: random.Random) -> Iterator[Asked]:
    zones.add(ZONE, f"tree{number}.{ZONE}. 300 IN DNAME wood{number}.{OTHER}.")
    zones.add(OTHER, f"www.wood{number}.{OTHER}. 260 IN A 192.0.2.11")
    yield chance.choice(
        [
            Asked("below a DNAME", f"www.tree{number}.{ZONE}", "A"),
            Asked("below a DNAME, to nothing", f"no.tree{number}.{ZONE}", "A"),
            Asked("DNAME itself", f"tree{number}.{ZONE}", "DNAME"),
        ]
    )


def _wildcard(zones: Zones, number: int, chance: random.Random) -> Iterator[Asked]:
    zones.add(ZONE, f"*.w{number}.{ZONE}. 260 IN A 192.0.2.12", f"*.wc{number}.{ZONE}. 260 IN CNAME x.w{number}.{ZONE}.")
    yield chance.choice(
        [
            Asked("by a wildcard", f"any.w{number}.{ZONE}", "A"),
            Asked("by a wildcard, deeper", f"a.b.w{number}.{ZONE}", "A"),
            Asked("by a wildcard, no such type", f"any.w{number}.{ZONE}", "TXT"),
            Asked("by a wildcard CNAME", f"any.wc{number}.{ZONE}", "A"),
            Asked("the wildcard itself", f"*.w{number}.{ZONE}", "A"),
        ]
    )


def _nothing(zones: Zones, number: int, chance: random.Random) -> Iterator[Asked]:
    zones.add(ZONE, f"x.y.ent{number}.{ZONE}. 260 IN A 192.0.2.13")
    yield chance.choice(
        [
            Asked("NXDOMAIN", f"no{number}.{ZONE}", "A"),
            Asked("NXDOMAIN", f"no{number}.a.b.c.{ZONE}", "AAAA"),
            Asked("NXDOMAIN of the root", f"no{number}.nowhere", "A"),
            Asked("NODATA", f"x.y.ent{number}.{ZONE}", "AAAA"),
            Asked("NODATA", f"x.y.ent{number}.{ZONE}", "TYPE4711"),
            Asked("a name between others", f"y.ent{number}.{ZONE}", "A"),
            Asked("a name between others", f"ent{number}.{ZONE}", "TXT"),
        ]
    )


def _zero(zones: Zones, number: int, _: random.Random) -> Iterator[Asked]:
    zones.add(ZONE, f"zero{number}.{ZONE}. 0 IN A 192.0.2.14")
    yield Asked("TTL 0", f"zero{number}.{ZONE}", "A")


_ODD = {
    "TYPE65280": r"\# 4 00FFC00C", "TYPE4711": r"\# 0", "SVCB": '1 dot.peers.net. alpn="dot" port=853', "CAA": '0 issue "ca.net"',
    "HTTPS": '1 . alpn="h2,h3" ipv4hint=192.0.2.1 key65400="x"', "NAPTR": '1 2 "u" "E2U+sip" "!^.*$!sip:a@b!" .',
    "LOC": "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m", "HINFO": '"PC" "Linux"', "RP": "a.peers.net. b.peers.net.",
    "TLSA": "3 1 1 " + "ab" * 32, "SSHFP": "2 1 " + "cd" * 20, "URI": '10 1 "ftp://peers.net/"', "OPENPGPKEY": "AQIDBA==",
    "CERT": "PGP 0 0 AQIDBA==", "APL": "1:192.0.2.0/24 !2:2001:db8::/32", "EUI48": "00-00-5e-00-53-2a", "SPF": '"v=spf1 -all"',
    "DHCID": "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=", "KX": "10 kx.peers.net.", "NID": "10 0014:4fff:ff20:ee64",
    "X25": '"311061700956"', "ISDN": '"150862028003217"', "RT": "2 rt.peers.net.",
    "PX": "10 px.peers.net. px400.peers.net.", "CSYNC": "66 3 A NS AAAA", "CDS": "0 0 0 00", "SMIMEA": "3 1 1 " + "ef" * 32,
    "HIP": "2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNu rvs.peers.net.", "AVC": '"app:x"', "DS": "1 13 2 " + "12" * 32,
}  # fmt: skip


def _odd(zones: Zones, number: int, _: random.Random) -> Iterator[Asked]:
    kind = list(_ODD)[number % len(_ODD)]
    name = f"odd{number}.{ZONE}"
    if kind == "DS":
        zones.add(ZONE, f"{name}. 300 IN NS ns.{ZONE}.")
    zones.add(ZONE, f"{name}. 300 IN {kind} {_ODD[kind]}")
    yield Asked(f"type {kind}", name, kind)


_STRANGE = [
    "ANY", "RRSIG", "NSEC", "TYPE0", "MAILB", "AXFR", "IXFR", "OPT", "TSIG", "TKEY", "TYPE250", "TYPE65535", "NULL", "SOA", "NS",
]  # fmt: skip


def _strange(zones: Zones, number: int, _: random.Random) -> Iterator[Asked]:
    kind = _STRANGE[number % len(_STRANGE)]
    zones.add(ZONE, f"strange{number}.{ZONE}. 260 IN A 192.0.2.15")
    yield Asked(f"type {kind} of a name with an address", f"strange{number}.{ZONE}", kind)


def _class(zones: Zones, number: int, _: random.Random) -> Iterator[Asked]:
    rclass = ["CH", "ANY", "HS", "CLASS254", "CLASS0"][
        number % 5 if number < 10 else number % 4 + 1
    ]  # named limits CH's rate
    zones.add(ZONE, f"class{number}.{ZONE}. 260 IN A 192.0.2.16")
    yield Asked(f"class {rclass}", f"class{number}.{ZONE}", "A", rclass)


def _name(zones: Zones, number: int, _: random.Random) -> Iterator[Asked]:
    label = [
        rf"a\.b{number}", rf"a\032b{number}", rf"\000\001{number}", rf"\195\188ber{number}", rf"_x._y{number}",
        rf"\(\;\@{number}",
        f"xn--bcher-kva{number}", f"{number:03}".ljust(63, "l"), f"-{number}-", f"{number}", rf"\255\\\"{number}",
        ".".join([f"{number:03}".ljust(63, "l"), "m" * 63, "n" * 63, "o" * (253 - 3 * 64 - len(ZONE) - 1)]),
    ][number % 12]  # fmt: skip
    name = f"{label}.{ZONE}"
    zones.add(ZONE, f"{name}. 260 IN A 192.0.2.17")
    yield Asked("a name of odd octets" if number % 12 not in (7, 11) else "a name as long as can be", name, "A")


def _reverse(zones: Zones, number: int, _: random.Random) -> Iterator[Asked]:
    zones.add(REVERSE, f"{number % 250}.{number // 250}.{REVERSE}. 300 IN PTR host{number}.{ZONE}.")
    yield Asked("PTR", f"{number % 250}.{number // 250}.{REVERSE}", "PTR")


def _below(zones: Zones, number: int, chance: random.Random) -> Iterator[Asked]:
    zones.add(CHILD, f"d{number}.{CHILD}. 260 IN A 192.0.2.18")
    yield chance.choice(
        [
            Asked("below a delegation", f"d{number}.{CHILD}", "A"),
            Asked("NXDOMAIN below a delegation", f"no{number}.{CHILD}", "A"),
            Asked("NS of a delegation", CHILD, "NS"),
            Asked("SOA of a zone", CHILD, "SOA"),
        ]
    )


def _dead(_: Zones, number: int, __: random.Random) -> Iterator[Asked]:
    yield Asked("below a delegation to nobody", f"x{number}.dead.{ZONE}", "A")


def _signed(zones: Zones, number: int, chance: random.Random) -> Iterator[Asked]:
    zones.add(SIGNED, f"s{number}.{SIGNED}. 260 IN A 192.0.2.19", f"*.sw{number}.{SIGNED}. 260 IN A 192.0.2.19")
    name, kind = chance.choice(
        [
            (f"s{number}.{SIGNED}", "A"), (f"s{number}.{SIGNED}", "AAAA"), (f"no{number}.{SIGNED}", "A"),
            (f"a.sw{number}.{SIGNED}", "A"), (SIGNED, "DNSKEY"), (f"s{number}.{SIGNED}", "NSEC"),
        ]
    )  # fmt: skip
    edns = chance.choice([None, 1233, 4096])
    yield Asked(
        "a signed zone", name, kind, edns=edns, do=edns is not None and chance.random() < 0.8, cd=chance.random() < 0.2
    )


def _edns(zones: Zones, number: int, _: random.Random) -> Iterator[Asked]:
    name = f"edns{number}.{ZONE}"
    zones.add(ZONE, f"{name}. 260 IN A 192.0.2.20")
    options: list[tuple[dns.edns.Option, ...]] = [
        (_option(65001, b"unknown"),),
        (_option(10, bytes(8)),),  # a cookie
        (_option(3, b""),),  # NSID
        (_option(12, bytes(40)),),  # padding
        (dns.edns.ECSOption("198.51.100.0", 24),),
        (_option(11, b""),),  # keepalive, which is TCP's
        (),
        (),
    ]
    chosen = options[number % len(options)]
    version = 1 if number % len(options) == 7 else 0
    what = "EDNS version 1" if version else f"EDNS option {int(chosen[0].otype)}" if chosen else "EDNS"
    yield Asked(what, name, "A", version=version, options=chosen, edns=1233)


def _without_rd(zones: Zones, number: int, _: random.Random) -> Iterator[Asked]:
    zones.add(ZONE, f"nord{number}.{ZONE}. 260 IN A 192.0.2.21")
    yield Asked("without RD", f"nord{number}.{ZONE}", "A", rd=False)


_MAKERS = {
    _address: 12, _addresses: 8, _many: 3, _with_glue: 8, _text: 6, _long_text: 6, _chain: 12, _alias: 2, _loop: 1, _dname: 5,
    _wildcard: 6, _nothing: 12, _zero: 3, _odd: 10, _strange: 4, _class: 3, _name: 6, _reverse: 3, _below: 5, _dead: 1,
    _signed: 7,
    _edns: 5, _without_rd: 1,
}  # fmt: skip
