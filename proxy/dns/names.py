"""Domain names in lower-case wire form (RFC 1035 section 3.1), so that equal names are equal bytes.

`Name` is `bytes`: a slice of one at a label's border, `name[name[0] + 1:]`, is its parent, and plain `bytes` of the same
content find it in a dict.  That is what makes the walk along a name's suffixes cheap on the query path.

    >>> Name.from_text("WWW.Example.com")
    Name('www.example.com')
    >>> Name.from_text("www.example.com")[4:] == Name.from_text("example.com.")
    True
"""

from __future__ import annotations

from collections.abc import Iterator

from proxy.dns.errors import MalformedMessage

MAX_LABEL = 63
MAX_NAME = 255
_ESCAPED = frozenset(b'."\\();@$')

# The bit of each octet that tells a small letter from a capital one.  A length octet, at most 63, is never a letter.
_CASE_BITS = bytes(0x20 if 0x41 <= octet & 0xDF <= 0x5A else 0 for octet in range(256))


class Name(bytes):
    """A domain name as lower-case wire bytes, the root's zero octet included."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Name:
        r"""The name of `text`, which is absolute with or without its final dot.

        `\.`, `\\` and `\DDD` are escapes (RFC 1035 section 5.1).  Raises MalformedMessage for an empty label, a label of
        over 63 or a name of over 255 octets, and for a letter outside ASCII (write those as xn--…, RFC 5891).
        """
        return cls.from_wire(wire_name(text).lower())

    @classmethod
    def from_wire(cls, wire: bytes) -> Name:
        """`wire` as it is: the caller knows it to be one whole name in lower case."""
        return cls(wire)

    def __repr__(self) -> str:
        return f"Name({name_text(self)!r})"

    def __str__(self) -> str:
        return name_text(self)

    def labels(self) -> tuple[bytes, ...]:
        """The labels from left to right, without the root's: (b"www", b"example", b"com")."""
        return tuple(split_labels(self))

    def parent(self) -> Name:
        """The name without its leftmost label; the root is its own parent."""
        return Name(self[self[0] + 1 :]) if self[0] else self

    def is_under(self, other: bytes) -> bool:
        """True where this name equals `other` or stands below it."""
        return any(suffix == other for suffix in self.suffixes())

    def suffixes(self) -> Iterator[Name]:
        """The name itself, its parent, and so on to the root."""
        at = 0
        while self[at]:
            yield Name(self[at:])
            at += self[at] + 1
        yield ROOT

    def child(self, label: bytes) -> Name:
        """The name with one more label in front; MalformedMessage where it gets too long."""
        return Name(_check_length(bytes((len(label),)) + label.lower() + self))


ROOT = Name(b"\0")


def split_labels(wire: bytes) -> Iterator[bytes]:
    """The labels of an uncompressed wire name, letter case as it is."""
    at = 0
    while wire[at]:
        yield wire[at + 1 : at + 1 + wire[at]]
        at += wire[at] + 1


def wire_name(text: str) -> bytes:
    """Wire form of `text` with its letter case kept; raises as `Name.from_text`."""
    if text in (".", ""):
        if text:
            return b"\0"
        raise MalformedMessage("a name is empty")
    if "\\" not in text and text.isascii():
        labels = text.encode("ascii").removesuffix(b".").split(b".")
    else:
        labels = _unescape(text)
    parts = bytearray()
    for label in labels:
        if not label:
            raise MalformedMessage(f"{text} has an empty label")
        if len(label) > MAX_LABEL:
            raise MalformedMessage(f"a label of {text} is longer than {MAX_LABEL} octets")
        parts.append(len(label))
        parts += label
    parts.append(0)
    return _check_length(bytes(parts))


def name_text(wire: bytes) -> str:
    """Presentation form of a wire name without its final dot; the root is a lone dot."""
    return ".".join(_label_text(label) for label in split_labels(wire)) or "."


def mix_case(wire: bytes, chance: bytes) -> bytes:
    """`wire` with the case of each letter turned over where the octet of `chance` at its place, as long, has the bit 0x20."""
    letters = int.from_bytes(wire.translate(_CASE_BITS), "big")
    return (int.from_bytes(wire, "big") ^ letters & int.from_bytes(chance, "big")).to_bytes(len(wire), "big")


def _check_length(wire: bytes) -> bytes:
    if len(wire) > MAX_NAME:
        raise MalformedMessage(f"a name is longer than {MAX_NAME} octets")
    return wire


def _label_text(label: bytes) -> str:
    if label.isalnum():
        return label.decode("ascii")
    return "".join(_octet_text(octet) for octet in label)


def _octet_text(octet: int) -> str:
    if octet in _ESCAPED:
        return "\\" + chr(octet)
    return chr(octet) if 0x20 < octet < 0x7F else f"\\{octet:03}"


def _unescape(text: str) -> list[bytes]:
    labels = [bytearray()]
    at = 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter == ".":
            labels.append(bytearray())
        elif letter == "\\":
            octet, at = _escaped_octet(text, at)
            labels[-1].append(octet)
        elif letter.isascii():
            labels[-1].append(ord(letter))
        else:
            raise MalformedMessage(f"{text} has the letter {letter}, which is not ASCII")
    if not labels[-1]:
        labels.pop()
    return [bytes(label) for label in labels]


def _escaped_octet(text: str, at: int) -> tuple[int, int]:
    digits = text[at : at + 3]
    if len(digits) == 3 and digits.isdecimal() and digits.isascii():
        if int(digits) > 0xFF:
            raise MalformedMessage(f"\\{digits} in {text} is no octet")
        return int(digits), at + 3
    if not digits or digits[0].isdecimal() or not digits[0].isascii():
        raise MalformedMessage(f"{text} has a broken escape")
    return ord(digits[0]), at + 1
