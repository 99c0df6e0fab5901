"""The corpus: inputs to begin with, and everything that was ever found."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.fuzz import packets, replies, texts

FOLDER = Path(__file__).parent
FINDINGS = FOLDER / "findings"
MOST_SECONDS = 10.0
EXAMPLES = (FOLDER.parents[1] / "config", FOLDER.parent / "conformance")


class Target(NamedTuple):
    """What takes octets: `run` raises for a finding, `words` are pieces of what it takes, `longest` is an input's length."""

    name: str
    run: Callable[[bytes], None]
    words: Callable[[], Iterator[bytes]]
    longest: int

    def attempt(self, data: bytes) -> None:
        """Run it, in bounded time: the process's own, so that a busy or a sleeping machine is no finding."""
        begun = time.process_time()
        self.run(data)
        assert time.process_time() - begun < MOST_SECONDS, "whatever the input is, it takes no long time"


TARGETS = {
    target.name: target
    for target in (
        Target("packets", packets.run, packets.words, 2048),
        Target("replies", replies.run, replies.words, 4096),
        Target("texts", texts.run, texts.words, 8192),
    )
}


def seeds(name: str) -> list[bytes]:
    """The inputs of a target's file; those of `texts` are the project's examples as well."""
    lines = (FOLDER / "corpus" / f"{name}.txt").read_text().splitlines()
    found = [read_line(line) for line in lines if line and not line.startswith("#")]
    if name == "texts":
        found += [path.read_bytes() for folder in EXAMPLES for path in sorted(folder.rglob("*.yaml"))]
    return found


def read_line(line: str) -> bytes:
    """An input in hex, or as a JSON string, with a remark behind a #."""
    if line.startswith('"'):
        text: str
        text, _ = json.JSONDecoder().raw_decode(line)
        return text.encode("utf-8", "surrogatepass")
    return bytes.fromhex(line.partition("#")[0])


def mutations(inputs: Sequence[bytes], words: Sequence[bytes], number: int, seed: int) -> Iterator[bytes]:
    """`number` inputs that are each made of one or two of `inputs`, by changes that are random but always the same."""
    chance = random.Random(seed)
    for _ in range(number):
        data = bytearray(chance.choice(inputs))
        for _ in range(chance.choice((1, 1, 2, 3, 8))):
            chance.choice(_CHANGES)(data, chance, inputs, words)
        yield bytes(data)


def _flip(data: bytearray, chance: random.Random, _: Sequence[bytes], __: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _replace(data: bytearray, chance: random.Random, _: Sequence[bytes], __: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.choice((0, 1, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFF, chance.randrange(256)))


def _delete(data: bytearray, chance: random.Random, _: Sequence[bytes], __: Sequence[bytes]) -> None:
    at = chance.randint(0, len(data))
    del data[at : at + chance.choice((1, 2, 4, 20))]


def _cut(data: bytearray, chance: random.Random, _: Sequence[bytes], __: Sequence[bytes]) -> None:
    del data[chance.randint(0, len(data)) :]


def _repeat(data: bytearray, chance: random.Random, _: Sequence[bytes], __: Sequence[bytes]) -> None:
    at = chance.randint(0, len(data))
    data[at:at] = data[at : at + chance.choice((1, 2, 10, 40))] * chance.choice((1, 1, 5))


def _put(data: bytearray, chance: random.Random, _: Sequence[bytes], words: Sequence[bytes]) -> None:
    at = chance.randint(0, len(data))
    data[at:at] = chance.choice(words)


def _join(data: bytearray, chance: random.Random, inputs: Sequence[bytes], _: Sequence[bytes]) -> None:
    other = chance.choice(inputs)
    at = chance.randint(0, len(data))
    data[at:] = other[min(at, len(other)) :]


_CHANGES = (_flip, _replace, _delete, _cut, _repeat, _put, _join)
