"""Text into the width that there is."""

from __future__ import annotations

import pytest

from proxy.cli.folding import fold, share


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("short", 10, ["short"]),
        ("two words", 7, ["two", "  words"]),
        ("monitoring.ap-northeast-1.amazonaws.com", 27, ["monitoring.ap-northeast-1", "  .amazonaws.com"]),
        ("CNAME www.example.com.", 14, ["CNAME www", "  .example", "  .com."]),
        ("abcdefghijkl", 8, ["abcdefgh", "  ijkl"]),
        ("a abcdefghijkl.com", 8, ["a", "  abcdef", "  ghijkl", "  .com"]),
        ("198.51.100.10", 13, ["198.51.100.10"]),
        ("trailing. dot", 10, ["trailing.", "  dot"]),
    ],
)  # fmt: skip
def test_text_is_folded_in_front_of_dots(text: str, width: int, lines: list[str]) -> None:
    assert fold(text, width) == lines


@pytest.mark.parametrize(
    ("needs", "total", "widths"),
    [([10, 20], 40, [10, 20]), ([10, 20], 25, [10, 15]), ([50, 50, 5], 45, [20, 20, 5]), ([50, 50], 41, [20, 21])],
)
def test_width_is_shared_by_need(needs: list[int], total: int, widths: list[int]) -> None:
    assert share(needs, total) == widths
