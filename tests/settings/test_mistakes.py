"""Every kind of mistake, and the lines that tell of it.

`mistakes.txt` has the file first, then `=>` and what is said; EVERY-KEY stands for all keys of the top.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.settings import read_settings
from proxy.settings.composites import keys_of
from proxy.settings.problems import ConfigError, one_line, shortened
from proxy.settings.shape import Settings

EVERY_KEY = ", ".join(keys_of(Settings))
BLOCKS = (Path(__file__).parent / "mistakes.txt").read_text().split("\n\n")


def told(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_settings([("x", text)])
    return str(caught.value).splitlines()


@pytest.mark.parametrize("block", BLOCKS)
def test_a_mistake_is_told_where_it_stands_with_what_to_write_instead(block: str) -> None:
    lines = block.strip().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("=> "))
    assert told(text) == [
        line.removeprefix("=> ").replace("EVERY-KEY", EVERY_KEY) for line in lines if line.startswith("=> ")
    ]


def test_all_mistakes_are_told_in_the_order_of_the_file() -> None:
    text = "upstream: {mode: of}\nvpcs:\n  app: {cidr: 10.0.0.0/33}\nregion: here\nregoin: there\n"
    assert told(text) == [
        "x:1:12: upstream.mode: of is no choice here (did you mean off?)",
        "x:3:9: vpcs.app.cidr: 10.0.0.0/33 is no network (write 10.0.0.0/16)",
        "x:4:1: region: here is not a region (write for example us-east-1)",
        "x:5:1: regoin: unknown key regoin (did you mean region?)",
    ]


def test_a_thousand_problems_are_enough() -> None:
    lines = told("public_records:\n" + "".join(f"  n{number}: bad\n" for number in range(1500)))
    assert len(lines) == 1001
    assert lines[-1] == "x:1001:3: public_records.n999: after 1,000 problems the rest was not looked at"


def test_what_stands_in_a_file_cannot_take_over_the_terminal() -> None:
    assert one_line("a\x1b[31m\n\ud800") == "a\\x1b[31m\\n\\ud800"
    assert len(shortened("x" * 100_000)) == 303
    assert len(told(f"region: {'x' * 100_000}")[0]) < 400
