"""The words that keys take, each with its own type: names, addresses, networks, times, identifiers."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from proxy.dns.codes import RCODE_WORDS, TYPE_WORDS, rcode_word, type_number, type_word
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import Name
from proxy.settings.problems import did_you_mean
from proxy.settings.takes import Text, Wrong, whole_number

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_TTL = 2_147_483_647
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = r"([0-9]{1,10}(?:\.[0-9]{1,3})?)(ms|s|m|h|d|w)"
_REGION = r"[a-z]{2,8}(-[a-z]{1,12}){1,3}-[0-9]{1,2}"  # short enough to be a label of a name


def parse_name(text: str) -> Name:
    """A host name, with or without its final dot."""
    try:
        return Name.from_text(text)
    except MalformedMessage as error:
        raise Wrong(f"this is no name: {error.what}", "write for example www.example.com") from None


def parse_address(text: str) -> Address:
    """An IPv4 or IPv6 address."""
    try:
        if "%" not in text:
            return ipaddress.ip_address(text)
    except ValueError:
        pass
    raise Wrong(f"{text} is no address", "write for example 10.0.0.1 or 2001:db8::1")


def parse_cidr(text: str) -> Network:
    """A network as address and length of its prefix."""
    address, _, length = text.partition("/")
    if whole_number(length) is not None:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            pass
        else:
            if str(network.network_address) != str(ipaddress.ip_address(address)):
                raise Wrong(f"{text} has bits set behind its prefix", f"write {network}")
            return network
    raise Wrong(f"{text} is no network", f"write {_networklike(address)}")


def _networklike(address: str) -> str:
    try:
        known = parse_address(address)
    except Wrong:
        return "for example 10.0.0.0/16"
    return str(ipaddress.ip_network(f"{known}/{16 if known.version == 4 else 64}", strict=False))


def parse_network(text: str) -> Network:
    """A network, or an address for the network that holds nothing else."""
    return parse_cidr(text) if "/" in text else ipaddress.ip_network(parse_address(text))


def _parse_address_of(version: int) -> Callable[[str], Address]:
    def parse(text: str) -> Address:
        address = parse_address(text)
        if address.version != version:
            raise Wrong(f"{text} is IPv{address.version}", f"an IPv{version} address belongs here")
        return address

    return parse


def _parse_cidr_of(version: int) -> Callable[[str], Network]:
    def parse(text: str) -> Network:
        network = parse_cidr(text)
        if network.version != version:
            raise Wrong(f"{text} is IPv{network.version}", f"an IPv{version} network belongs here")
        return network

    return parse


def parse_seconds(text: str) -> float:
    """A time with its unit, in seconds."""
    found = re.fullmatch(_DURATION, text)
    if found is None:
        hint = f"write {text}s" if whole_number(text) is not None else "write for example 500ms, 2s, 15m, 1h or 1d"
        raise Wrong(f"{text} is no time", hint)
    return float(found[1]) * _UNITS[found[2]]


def show_seconds(seconds: float) -> str:
    """A time with the largest unit that needs no fraction: 15m for 900."""
    for unit in ("d", "h", "m", "s"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:.0f}{unit}"
    return f"{seconds * 1000:.0f}ms" if seconds else "0s"


def duration(low: float, high: float) -> Text:
    """A time from `low` to `high` seconds."""

    def parse(text: str) -> float:
        seconds = parse_seconds(text)
        if not low <= seconds <= high:
            raise Wrong(f"{text} is out of range", f"from {show_seconds(low)} to {show_seconds(high)}")
        return seconds

    return Text("a time", "2s", parse, show_seconds, _DURATION)


def parse_ttl(text: str) -> int:
    """A TTL, in plain seconds or with a unit (RFC 2181 section 8: 31 bits)."""
    number = whole_number(text)
    seconds = parse_seconds(text) if number is None and re.fullmatch(_DURATION, text) else number
    if seconds is None or seconds != int(seconds) or not 0 <= seconds <= MAX_TTL:
        raise Wrong(f"{text} is no TTL", f"write whole seconds from 0 to {MAX_TTL}, or for example 15m")
    return int(seconds)


def parse_type(text: str) -> int:
    """A record type by its word, or by its number as TYPE65280."""
    try:
        return type_number(text)
    except MalformedMessage as error:
        raise Wrong(error.what, did_you_mean(text, _COMMON_TYPES)) from None


def parse_rcode(text: str) -> int:
    """A response code by its word."""
    for number, word in RCODE_WORDS.items():
        if word == text.upper():
            return number
    raise Wrong(f"{text} is no response code", did_you_mean(text, RCODE_WORDS.values()))


def parse_question(text: str) -> tuple[Name, int]:
    """`NAME` or `NAME TYPE`; the type is A where none is given."""
    words = text.split()
    if not 1 <= len(words) <= 2:
        raise Wrong(f"{text} is no question", "write NAME or NAME TYPE")
    return parse_name(words[0]), parse_type(words[1] if len(words) == 2 else "A")


def like(expects: str, pattern: str, example: str, hint: str = "", *, number: bool = False) -> Text:
    """A word of a certain form."""

    def parse(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise Wrong(
                f"{text or 'an empty text'} is not {expects}", f"write {hint}" if hint else f"write for example {example}"
            )
        return text

    return Text(expects, example, parse, pattern=pattern, number=number)


def _parse_vpc_name(text: str) -> str:
    if text == "internet":
        raise Wrong("internet is the view outside every VPC", "give the VPC another name")
    return str(WORD.parse(text))


_COMMON_TYPES = [word for number, word in TYPE_WORDS.items() if number < 41 or number in (43, 44, 52, 64, 65, 99, 257)]

NAME = Text("a name", "www.example.com", parse_name)
ADDRESS = Text("an address", "10.0.0.1", parse_address)
ADDRESS_V4 = Text("an IPv4 address", "10.0.1.5", _parse_address_of(4))
ADDRESS_V6 = Text("an IPv6 address", '"2001:db8::5"', _parse_address_of(6))
CIDR = Text("a network", "10.0.0.0/16", parse_cidr, pattern=r"[0-9A-Fa-f.:]+/[0-9]+")
CIDR_V4 = Text("an IPv4 network", "10.0.1.0/24", _parse_cidr_of(4), pattern=r"[0-9.]+/[0-9]+")
CIDR_V6 = Text("an IPv6 network", '"2001:db8::/64"', _parse_cidr_of(6), pattern=r"[0-9A-Fa-f.:]+/[0-9]+")
NETWORK = Text("a network", "10.0.0.0/16", parse_network, pattern=r"[0-9A-Fa-f.:]+(/[0-9]+)?")
TTL = Text("a TTL", "300", parse_ttl, number=True)
TYPE = Text("a record type", "SOA", parse_type, type_word)
RCODE = Text("a response code", "NXDOMAIN", parse_rcode, rcode_word)
QUESTION = Text("a name and a type", "www.example.com A", parse_question)
ANYTHING = Text("a text", "10.0.0.1", number=True)

WORD = like("a word", r"\w[\w.-]{0,99}", "app", "letters, digits, hyphens, dots and underscores")
VPC_NAME = Text("a VPC's name", "app", _parse_vpc_name, pattern=WORD.pattern)
VIEW = like("a view", r"\w[\w.-]{0,99}(/\w[\w.-]{0,99})?", "app", "a VPC, VPC/NAME of its inbound endpoint, or internet")
REGION = like("a region", _REGION, "us-east-1")
ZONE = like("an availability zone", _REGION + "([a-z]|-[a-z0-9-]{1,32})", "us-east-1a")
ACCOUNT = like("an account", "[0-9]{12}", '"111122223333"', "12 digits", number=True)
VPC_ID = like("a VPC's id", "vpc-[0-9a-z]+", "vpc-0123456789abcdef0")
INSTANCE_ID = like("an instance's id", "i-[0-9a-z]{1,32}", "i-0123456789abcdef0")
ENDPOINT_ID = like("an endpoint's id", "vpce-[0-9a-z]+(-[0-9a-z]+)*", "vpce-0123456789abcdef0-a1b2c3d4")
SERVICE_ID = like("an endpoint service's id", "vpce-svc-[0-9a-z]{1,32}", "vpce-svc-0123456789abcdef0")
CONFIGURATION_ID = like("a resource configuration's id", r"rcfg-[0-9a-z]+(\.[0-9a-z]+)?", "rcfg-0123456789abcdef0.4232ccc")
ZONE_ID = like("a zone's id", "[0-9A-Za-z]+", "Z0123456789EXAMPLE")
SERVICE = like("a service", r"[0-9A-Za-z][\w.-]*", "monitoring")
